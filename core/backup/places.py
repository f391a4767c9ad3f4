"""Where archives are kept: a folder, or a bucket that speaks S3. Only whole ones are ever listed there.

The places hold nothing but archives by names that begin with their time: the newest name is the last good backup, and
no record of it can be lost or disagree.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Protocol

from core.errors import BadInput, Unavailable

SUFFIX, ENCRYPTED = ".tar.zst", ".age"

_NAME = re.compile(r"aion-(\d{8}-\d{6})Z(-\d+)?\.tar\.zst(\.age)?")
_MOMENT = "%Y%m%d-%H%M%S"


class BackupPlace(Protocol):
    """Keeps archives by name. Methods block, and raise ``Unavailable`` when the place cannot be reached or written."""

    @property
    def address(self) -> str:
        """Return the place as the operator names it."""
        ...

    def names(self) -> Sequence[str]:
        """Return the names of the archives there, oldest first."""
        ...

    def writing(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Yield a new file, which is listed once the block ends without an error, and never in part."""
        ...

    def reading(self, name: str) -> AbstractContextManager[BufferedReader]:
        """Yield the archive of that name. Raises ``BadInput`` when there is none."""
        ...

    def delete(self, name: str) -> None:
        """Delete an archive."""
        ...


def archive_name(made_at: datetime, taken: Sequence[str], *, encrypted: bool) -> str:
    """Return the name of an archive of that moment which is not among those that are ``taken``."""
    ending = SUFFIX + (ENCRYPTED if encrypted else "")
    stem = f"aion-{made_at.astimezone(UTC):{_MOMENT}}Z"
    names = (f"{stem}{f'-{n}' if n else ''}{ending}" for n in range(len(taken) + 1))
    return next(name for name in names if name not in taken)


def made_at(name: str) -> datetime | None:
    """Return the moment an archive's name tells; ``None`` when it is no name of one."""
    match = _NAME.fullmatch(name)
    with suppress(ValueError):
        return datetime.strptime(match[1], _MOMENT).replace(tzinfo=UTC) if match else None
    return None


def archives_among(names: Sequence[str]) -> list[str]:
    """Return the names of archives among names, oldest first."""
    return sorted(name for name in names if made_at(name))


class FolderPlace:
    """Archives in a folder, made for its owner alone (mode 0600 in 0700)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def address(self) -> str:
        """Return the folder."""
        return str(self._folder)

    def names(self) -> Sequence[str]:
        """Return the names of the archives in the folder; none when it does not exist."""
        try:
            return archives_among([path.name for path in self._folder.iterdir()])
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._unusable(error) from error

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """Write to a draft beside the archive, which takes the archive's name once it is on the disk."""
        draft = self._folder / f".{name}.{os.getpid()}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._delete_drafts()
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self._folder / name)
            sync_folder(self._folder)
        except OSError as error:
            raise self._unusable(error) from error
        finally:
            with suppress(OSError):
                draft.unlink()

    @contextmanager
    def reading(self, name: str) -> Iterator[BufferedReader]:
        """Yield the file. Raises ``BadInput`` when it cannot be opened."""
        try:
            file = (self._folder / name).open("rb")
        except OSError as error:
            raise BadInput("backup.unreadable", file=self._folder / name, problem=error.strerror) from error
        with file:
            yield file

    def delete(self, name: str) -> None:
        """Delete the file."""
        try:
            (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from error

    def _delete_drafts(self) -> None:
        """Delete what a killed backup left; one backup at a time is made of a data folder."""
        for draft in self._folder.glob(f".aion-*{SUFFIX}*"):
            draft.unlink(missing_ok=True)

    def _unusable(self, error: OSError) -> Unavailable:
        problem = error.strerror or error.__cause__ or error
        return Unavailable("backup.unusable", place=self.address, problem=problem)


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder survive a power cut. Raises ``OSError``."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
