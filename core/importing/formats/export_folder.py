"""A folder of an export, on disk or within a ZIP archive. Blocks."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import BinaryIO, cast

from core.errors import BadInput

MAX_MEMBERS = 100_000
_MAX_UNPACKED_BYTES = 8_000_000_000
_MAX_RATIO = 200
_FREE_BYTES = 50_000_000
"""An archive may unpack to this much whatever its size, and to ``_MAX_RATIO`` times its size."""


class ExportFolder:
    """Files and folders directly in one folder. Hidden ones are left out, and links on disk are not followed."""

    def __init__(self, path: Path | zipfile.Path) -> None:
        self._path = path

    @classmethod
    def of_archive(cls, path: Path) -> ExportFolder:
        """Open a ZIP archive. Raises ``BadInput`` when it is none, or unpacks to too much."""
        try:
            archive = zipfile.ZipFile(path)
            members = archive.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise BadInput("importing.broken", name=path.name) from error
        n_bytes = sum(member.file_size for member in members)
        if len(members) > MAX_MEMBERS or n_bytes > min(
            _MAX_UNPACKED_BYTES, _FREE_BYTES + _MAX_RATIO * path.stat().st_size
        ):
            raise BadInput("importing.too_large", name=path.name)
        return cls(zipfile.Path(archive))

    @property
    def name(self) -> str:
        """Return the folder's own name."""
        return self._path.name

    def files(self) -> list[str]:
        """Return the names of the files, sorted."""
        return sorted(each.name for each in self._path.iterdir() if each.is_file() and _is_plain(each))

    def folders(self) -> list[ExportFolder]:
        """Return the folders, sorted by name."""
        found = [ExportFolder(each) for each in self._path.iterdir() if each.is_dir() and _is_plain(each)]
        return sorted(found, key=lambda folder: folder.name)

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading."""
        return cast(BinaryIO, (self._path / name).open("rb"))


def _is_plain(path: Path | zipfile.Path) -> bool:
    return not path.name.startswith((".", "__MACOSX")) and not (isinstance(path, Path) and path.is_symlink())
