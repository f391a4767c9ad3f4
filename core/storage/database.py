"""The database of a data folder: its lock, its schema version, and connections for reading and writing.

The queries are in the other modules of ``core.storage``, each named by what it keeps; the databases themselves in
``core.storage.engines``: a SQLite file in the data folder, or a PostgreSQL server that several data folders share.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import BaseFileLock, FileLock, Timeout
from sqlalchemy.exc import DBAPIError

from core.errors import Unavailable
from core.offload import offload
from core.storage.engines.engine import FILE, StorageEngine
from core.storage.engines.sqlite import SqliteEngine
from core.storage.migrations import REVISIONS
from core.storage.private_folder import open_private_folder

__all__ = ["DATABASE_FAILURES", "FILE", "LOCK", "Database", "connect", "is_locked"]

LOCK = "aion.lock"

DATABASE_FAILURES = (DBAPIError, Unavailable)
"""What a statement raises that was refused, and one that found no database to run in."""


class Database:
    """An open database. ``open`` locks its data folder for this process; ``open_shared`` uses it beside that one.

    It is read and written by the methods of its ``core.storage.engines.engine.StorageEngine``.
    """

    def __init__(self, data_dir: Path, engine: StorageEngine, lock: BaseFileLock | None) -> None:
        self._data_dir = data_dir
        self._lock = lock
        self.engine = engine
        self.sql = engine.sql
        self.vector_search = engine.vector_search
        self.read, self.write, self.write_durably = engine.read, engine.write, engine.write_durably
        self.write_beside = engine.write_beside
        self.rows, self.row, self.snapshot = engine.rows, engine.row, engine.snapshot
        self.rows_blocking, self.run_in_thread = engine.rows_blocking, engine.run_in_thread
        self.write_all, self.write_all_durably = engine.write_all, engine.write_all_durably
        self.require_writable, self.n_bytes, self.tend_vectors = (
            engine.require_writable,
            engine.n_bytes,
            engine.tend_vectors,
        )

    @classmethod
    async def open(cls, data_dir: Path, url: str = "") -> Database:
        """Open a data folder and lock it, creating it or upgrading the schema of its database where needed.

        ``url``: of a PostgreSQL server (``postgresql://…``); empty for the folder's own SQLite file. Raises
        ``Unavailable`` when the folder or the server cannot be used, when another process has locked the folder, when
        the database is damaged, and when a newer version of AION wrote it (then nothing in it is changed).
        """
        lock = await offload(_lock_folder, data_dir)
        database = cls(data_dir, connect(data_dir, url), lock)
        try:
            if await database._known_revision() == REVISIONS[-1]:
                await database.engine.require_unlocked()
            else:
                await database.engine.upgrade()
        except BaseException:
            await database.close()
            raise
        return database

    @classmethod
    async def open_shared(cls, data_dir: Path, url: str = "") -> Database:
        """Open a data folder that another process has locked, for short reads and small changes.

        Raises ``Unavailable`` when its database is damaged, out of reach or has another schema version.
        """
        database = cls(data_dir, connect(data_dir, url), None)
        try:
            if await database._known_revision() != REVISIONS[-1]:
                raise Unavailable("storage.in_use", folder=data_dir)
        except BaseException:
            await database.close()
            raise
        return database

    async def _known_revision(self) -> str | None:
        """Return the schema revision. Raises ``Unavailable`` for one of a newer version of AION."""
        revision = await self.engine.revision()
        if revision is not None and revision not in REVISIONS:
            raise Unavailable("storage.newer", folder=self._data_dir)
        return revision

    async def close(self) -> None:
        """Close every connection and release the folder's lock."""
        await self.engine.close()
        if self._lock:
            self._lock.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def connect(data_dir: Path, url: str) -> StorageEngine:
    """Return the engine of a data folder's database as set; nothing is opened yet, and only its library is loaded."""
    if url:
        from core.storage.engines.postgres import PostgresEngine

        return PostgresEngine(data_dir, url)
    return SqliteEngine(data_dir)


def is_locked(data_dir: Path) -> bool:
    """Return whether another process has locked the data folder. Blocks briefly."""
    try:
        _lock_folder(data_dir).release()
    except Unavailable as error:
        return error.key == "storage.in_use"
    return False


def _lock_folder(data_dir: Path) -> BaseFileLock:
    lock = FileLock(data_dir / LOCK, mode=0o600, blocking=False, thread_local=False)
    try:
        open_private_folder(data_dir)
        lock.acquire()
    except Timeout:
        raise Unavailable("storage.in_use", folder=data_dir) from None
    except OSError as error:
        raise Unavailable("storage.unusable", folder=data_dir, problem=error.strerror) from error
    return lock
