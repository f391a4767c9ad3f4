"""Folders that are written once from something else, whole or not at all.

A manifest inside says which version was written and what every file must be. A folder that is not so (cut short by a
full disk or a lost power supply, damaged, of another version) is written anew; it never reaches a loader.
"""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

_MANIFEST = "manifest.json"


def ensure_converted(folder: Path, version: str, write: Callable[[Path], None]) -> Path:
    """Return ``folder`` holding what ``write`` puts into an empty folder, calling it only where that is needed.

    Safe against several processes, and against being killed at any moment. Raises ``OSError`` when it cannot be
    written, and what ``write`` raises.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        if not is_intact(folder, version):
            _replace(folder, version, write)
    return folder


def is_intact(folder: Path, version: str) -> bool:
    """Tell whether every file in ``folder`` is there as it was written by ``version``."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        return bool(manifest["version"] == version and manifest["files"] == _checksums(folder))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _replace(folder: Path, version: str, write: Callable[[Path], None]) -> None:
    """Write beside ``folder`` and move into its place; what a killed process left there is dropped."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        write(partial)
        manifest = {"version": version, "files": _checksums(partial)}
        (partial / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _checksums(folder: Path) -> dict[str, list[int]]:
    """Return the size in bytes and the CRC-32 of every file, by its path within ``folder``."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _MANIFEST)
    return {path.relative_to(folder).as_posix(): [path.stat().st_size, _crc32(path)] for path in paths}


def _crc32(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum
