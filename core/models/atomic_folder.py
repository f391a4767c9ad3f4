"""Folders of converted files, written atomically and verified before use.

A manifest in the folder holds its version, and size and CRC-32 of every file. A folder that differs from its manifest
(interrupted, damaged, of another version) is written again and never used.
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
    """Return ``folder``, calling ``write`` with an empty folder to fill it unless it is intact. Blocks.

    Safe for several processes, and when killed at any moment. Raises ``OSError`` when it cannot be written, and what
    ``write`` raises.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        if not is_intact(folder, version):
            _replace(folder, version, write)
    return folder


def is_intact(folder: Path, version: str) -> bool:
    """Tell whether ``folder`` is of ``version`` and every file matches its manifest. Blocks."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        return bool(manifest["version"] == version and manifest["files"] == _checksums(folder))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _replace(folder: Path, version: str, write: Callable[[Path], None]) -> None:
    """Write to a folder beside ``folder`` and rename it; remains of a killed process are removed."""
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
    """Return size in bytes and CRC-32 of every file, by path relative to ``folder``."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _MANIFEST)
    return {path.relative_to(folder).as_posix(): [path.stat().st_size, _crc32(path)] for path in paths}


def _crc32(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum
