"""Restoring a backup into a data folder that holds nothing of AION's yet.

Everything is unpacked and checked beside its place first; then it is moved there, the database last. A restore that
is killed leaves nothing, or what the next one takes away.
"""

from __future__ import annotations

import shutil
from io import BufferedReader
from pathlib import Path

from filelock import FileLock, Timeout

from core.backup.backups import Started, unpack
from core.backup.contents import RESTORED
from core.backup.manifest import BackupHeader
from core.backup.places import sync_folder
from core.backup.snapshot import DatabaseSnapshot
from core.errors import Unavailable
from core.storage.database import LOCK
from core.storage.private_folder import open_private_folder

UNPACKED, SOUND = ".restoring", ".restored"
"""Folders within the data folder: what is being unpacked, and what proved sound and is being moved."""


def restore(
    source: BufferedReader, data_dir: Path, database: DatabaseSnapshot, identity: Path | None, started: Started
) -> BackupHeader:
    """Restore an archive into ``data_dir``, which is made where it does not exist, and return its header. Blocks.

    Raises ``Unavailable`` when the folder holds data of AION's, is in use or cannot be used; otherwise as
    ``core.backup.backups.unpack`` does, and then the folder is as it was.
    """
    try:
        open_private_folder(data_dir)
        with FileLock(data_dir / LOCK, mode=0o600, blocking=False):
            _clear_interrupted(data_dir, database)
            _require_empty(data_dir, database)
            unpacked = data_dir / UNPACKED
            try:
                unpacked.mkdir(mode=0o700)
                header = unpack(source, unpacked, database, identity, started)
                unpacked.rename(data_dir / SOUND)
            finally:
                shutil.rmtree(unpacked, ignore_errors=True)
            try:
                _move(data_dir, database)
            except Unavailable:
                _clear_interrupted(data_dir, database)
                raise
    except Timeout:
        raise Unavailable("backup.running", folder=data_dir) from None
    except OSError as error:
        raise Unavailable("storage.unusable", folder=data_dir, problem=error.strerror or error) from error
    return header


def _clear_interrupted(data_dir: Path, database: DatabaseSnapshot) -> None:
    """Remove what a killed restore left: all that it had moved, unless it had come to the database already."""
    shutil.rmtree(data_dir / UNPACKED, ignore_errors=True)
    if (data_dir / SOUND).exists() and database.is_empty():
        for name in RESTORED:
            _remove(data_dir / name)
    shutil.rmtree(data_dir / SOUND, ignore_errors=True)


def _require_empty(data_dir: Path, database: DatabaseSnapshot) -> None:
    database.require_empty()
    for name in RESTORED:
        if (data_dir / name).exists():
            raise Unavailable("backup.not_empty", folder=data_dir, name=name)


def _move(data_dir: Path, database: DatabaseSnapshot) -> None:
    shutil.rmtree(data_dir / "indexes", ignore_errors=True)  # of another database; made again when first searched
    for name in RESTORED:
        if (data_dir / SOUND / name).exists():
            (data_dir / SOUND / name).rename(data_dir / name)
    database.restore(data_dir / SOUND / database.member)
    sync_folder(data_dir)
    shutil.rmtree(data_dir / SOUND)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
