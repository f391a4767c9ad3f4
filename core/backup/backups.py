"""Backups of one data folder in one place: made, listed, checked, and deleted once enough newer ones are there."""

from __future__ import annotations

import importlib.metadata
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from core.backup.archive import Advance, extract_archive, is_archive, write_archive
from core.backup.contents import SETTINGS, FolderContents, read_contents
from core.backup.encryption import HEAD, decrypting, encrypting
from core.backup.manifest import FORMAT, BackupHeader
from core.backup.places import BackupPlace, archive_name, made_at
from core.backup.snapshot import DatabaseSnapshot
from core.errors import BadInput, Unavailable

WORK = ".backup"
"""Folder in the data folder for the copy of the database while it is packed."""

Started = Callable[[int], Advance]
"""Is given the number of bytes to come, and returns what is told of progress."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One archive: its name, when it was made, and where it is."""

    name: str
    made_at: datetime
    place: str


@dataclass(frozen=True, slots=True)
class Backups:
    """Makes the backups of ``data_dir`` in ``place``. ``recipient``: age's public key, or empty. Methods block."""

    data_dir: Path
    database: DatabaseSnapshot
    settings: bytes
    place: BackupPlace
    recipient: str = ""

    def make(self, started: Started) -> Backup:
        """Make a backup of one point in time while others read and write, and return it once it is whole.

        Raises ``Unavailable`` when the data folder or the place cannot be used, or another backup is being made.
        """
        now = datetime.now(UTC).replace(microsecond=0)
        with self._working_folder() as work:
            copy = work / self.database.member
            revision = self.database.take(copy)  # first: every LoRA version that it names exists by now
            contents = read_contents(self.data_dir)
            name = archive_name(now, self.place.names(), encrypted=bool(self.recipient))
            n_bytes = copy.stat().st_size + contents.n_bytes() + len(self.settings)
            header = BackupHeader(FORMAT, _version(), self.database.kind, revision, now, n_bytes)
            with ExitStack() as stack:
                target = stack.enter_context(self.place.writing(name))
                if self.recipient:
                    target = stack.enter_context(encrypting(target, self.recipient))
                self._write(target, header, copy, contents, started(n_bytes))
        return Backup(name, now, self.place.address)

    def list(self) -> Sequence[Backup]:
        """Return the backups in the place, oldest first. Raises ``Unavailable`` when it cannot be reached."""
        found = ((name, made_at(name)) for name in self.place.names())
        return [Backup(name, moment, self.place.address) for name, moment in found if moment]

    def latest(self) -> datetime | None:
        """Return when the newest backup was made; ``None`` without one. Raises as ``list`` does."""
        return max((each.made_at for each in self.list()), default=None)

    def prune(self, n_kept: int) -> int:
        """Delete all but the newest ``n_kept`` (at least 1) backups; return how many."""
        old = self.list()[: -max(1, n_kept)]
        for backup in old:
            self.place.delete(backup.name)
        return len(old)

    def _write(
        self, target: BinaryIO, header: BackupHeader, copy: Path, contents: FolderContents, advance: Advance
    ) -> None:
        with write_archive(target, header, advance) as archive:
            archive.add_file(self.database.member, copy)
            for name, data in contents.pointers.items():
                archive.add_bytes(name, data)
            for name, path in contents.versions.items():
                archive.add_file(name, path)
            archive.add_bytes(SETTINGS, self.settings)

    @contextmanager
    def _working_folder(self) -> Iterator[Path]:
        """Yield an empty folder for one backup at a time; what a killed one left there is deleted first."""
        work = self.data_dir / WORK
        try:
            with FileLock(self.data_dir / f"{WORK}.lock", mode=0o600, blocking=False):
                shutil.rmtree(work, ignore_errors=True)
                work.mkdir(mode=0o700)
                try:
                    yield work
                finally:
                    shutil.rmtree(work, ignore_errors=True)
        except Timeout:
            raise Unavailable("backup.busy") from None
        except OSError as error:
            raise Unavailable("storage.unusable", folder=self.data_dir, problem=error.strerror or error) from error


def verify(source: BufferedReader, database: DatabaseSnapshot, identity: Path | None, started: Started) -> BackupHeader:
    """Read a whole archive, check every checksum and the database in it, and return its header. Blocks.

    Needs as much room in the temporary folder as the archive has content. Raises as ``unpack`` does.
    """
    with tempfile.TemporaryDirectory(prefix="aion-verify-") as folder:
        return unpack(source, Path(folder), database, identity, started)


def unpack(
    source: BufferedReader, folder: Path, database: DatabaseSnapshot, identity: Path | None, started: Started
) -> BackupHeader:
    """Write what an archive holds into ``folder`` and return its header, once all of it proved sound. Blocks.

    ``identity``: the file of age's private key, for an encrypted one. Raises ``BadInput`` when it is torn, changed, no
    backup, or cannot be decrypted, ``Unavailable`` when a newer version of AION made it or the disk is full.
    """
    head = _peek(source)
    with ExitStack() as stack:
        if head.startswith(HEAD):
            plain: BinaryIO = stack.enter_context(decrypting(source, identity))
        elif not is_archive(head):
            raise BadInput("backup.foreign")
        else:
            plain = source

        def begin(header: BackupHeader) -> Advance:
            if header.database != database.kind:
                raise BadInput("backup.other_database", kind=header.database, ours=database.kind)
            return started(header.n_bytes)

        header = extract_archive(plain, folder, begin)
    copy = folder / database.member
    if not copy.is_file():
        raise BadInput("backup.damaged", problem=database.member)
    database.check(copy)
    return header


def _peek(source: BufferedReader) -> bytes:
    """Return the first bytes of a buffered file without reading on."""
    return source.peek(len(HEAD))[: len(HEAD)]


def _version() -> str:
    return importlib.metadata.version("aion-memory")
