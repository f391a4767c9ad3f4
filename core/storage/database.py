"""The database of a data folder: its lock, its schema version, and connections for reading and writing.

The queries are in the other modules of ``core.storage``, each named by what it keeps.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from filelock import BaseFileLock, FileLock, Timeout
from sqlalchemy import Connection, Engine, Executable, Row
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.errors import Unavailable
from core.offload import ThreadPool, offload
from core.storage import migrations, sqlite
from core.storage.migrations import REVISIONS
from core.storage.private_folder import open_private_folder

T = TypeVar("T")

FILE = "aion.db"
LOCK = "aion.lock"

N_THREADS = 3
"""Threads for single statements, two reading and one writing; they are not shared with model inference."""


class Database:
    """An open data folder. ``open`` locks it for this process; ``open_shared`` uses it beside the process that did."""

    def __init__(self, engine: AsyncEngine, direct: Engine, lock: BaseFileLock | None) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**sqlite.WRITING)
        self._direct = direct
        self._durable_writer = engine.execution_options(**sqlite.DURABLE)
        self._direct_durable_writer = direct.execution_options(**sqlite.DURABLE)
        self._direct_writer = direct.execution_options(**sqlite.WRITING)
        self._direct_reader = direct.execution_options(**sqlite.AUTOCOMMIT)
        self._threads = ThreadPool(N_THREADS, "database")
        self._lock = lock
        # SQLite has one writer. This lock queues in order; its busy handler polls, and starves whoever is unlucky.
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, data_dir: Path) -> Database:
        """Open a data folder and lock it, creating it or upgrading its schema where needed.

        Raises ``Unavailable`` when the folder cannot be used, when another process has locked it, when its database is
        damaged, and when a newer version of AION wrote it (then nothing in it is changed).
        """
        lock = await offload(_lock_folder, data_dir)
        try:
            revision = await offload(_require_known_revision, data_dir / FILE)
        except Unavailable:
            lock.release()
            raise
        database = cls._on(data_dir / FILE, lock)
        try:
            if revision == REVISIONS[-1]:
                await database._require_unlocked()
            else:
                await database._upgrade(data_dir)
        except BaseException:
            await database.close()
            raise
        return database

    @classmethod
    async def open_shared(cls, data_dir: Path) -> Database:
        """Open a data folder that another process has locked, for short reads and small changes.

        Raises ``Unavailable`` when its database is damaged or has another schema version.
        """
        if await offload(_require_known_revision, data_dir / FILE) != REVISIONS[-1]:
            raise Unavailable("storage.in_use", folder=data_dir)
        return cls._on(data_dir / FILE, None)

    @classmethod
    def _on(cls, path: Path, lock: BaseFileLock | None) -> Database:
        return cls(sqlite.create_engine(path), sqlite.create_direct_engine(path), lock)

    async def _upgrade(self, data_dir: Path) -> None:
        try:
            async with self.write() as connection:
                await connection.run_sync(migrations.upgrade)
        except DatabaseError as error:
            raise _unusable(data_dir, error.orig) from error

    async def _require_unlocked(self) -> None:
        """Begin a write transaction and end it. Raises ``Unavailable`` when another program holds the database."""
        try:
            async with self.write():
                pass
        except DatabaseError as error:
            unusable = _unusable(Path(self._engine.url.database or "").parent, error.orig)
            if unusable.key == "storage.held":  # one that cannot be written at all may still be read
                raise unusable from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection whose reads all see the same snapshot."""
        async with self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in a write transaction, committed at the end or rolled back after an exception."""
        async with self._writing, self._writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def write_durably(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection as ``write`` does; the commit waits for the disk, so that a power cut does not lose it."""
        async with self._writing, self._durable_writer.begin() as connection:
            yield connection

    async def rows(self, statement: Executable) -> Sequence[Row[Any]]:
        """Return every row of one statement."""
        return await self.run_in_thread(partial(_rows, self._direct_reader, statement))

    async def row(self, statement: Executable) -> Row[Any] | None:
        """Return the first row of one statement, or ``None``."""
        return await self.run_in_thread(partial(_row, self._direct_reader, statement))

    async def snapshot(self, reading: Callable[[Connection], T]) -> T:
        """Return the result of ``reading``, which runs in a thread and whose reads all see the same snapshot."""
        return await self.run_in_thread(partial(_snapshot, self._direct, reading))

    def rows_blocking(self, statement: str, parameters: Mapping[str, str]) -> list[tuple[Any, ...]]:
        """Return every row of one SQL string with named parameters. Blocks; call it outside the event loop.

        It bypasses SQLAlchemy, which takes three times as long to return a few rows as SQLite does to find them.
        """
        with closing(self._direct.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())

    async def write_all(self, statements: Sequence[Executable]) -> list[int]:
        """Run statements in one transaction and return how many rows each changed."""
        async with self._writing:
            return await self.run_in_thread(partial(_write_all, self._direct_writer, statements))

    async def write_all_durably(self, statements: Sequence[Executable]) -> list[int]:
        """Run statements as ``write_all`` does; the commit waits for the disk."""
        async with self._writing:
            return await self.run_in_thread(partial(_write_all, self._direct_durable_writer, statements))

    async def run_in_thread(self, work: Callable[[], T]) -> T:
        """Return the result of ``work``, which blocks and runs in one of the database's own threads."""
        return await self._threads.run(work)

    async def require_writable(self) -> None:
        """Rewrite a page of the file. Raises ``Unavailable`` when that fails: locked, read-only, disk full."""
        try:
            async with self.write() as connection:
                await connection.exec_driver_sql(sqlite.REWRITE_FIRST_PAGE)
        except DatabaseError as error:
            folder = Path(self._engine.url.database or "").parent
            raise _unusable(folder, error.orig) from error

    async def close(self) -> None:
        """Close every connection and release the folder's lock."""
        await self._engine.dispose()
        self._threads.close()
        self._direct.dispose()
        if self._lock:
            self._lock.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


def is_locked(data_dir: Path) -> bool:
    """Return whether another process has locked the data folder. Blocks briefly."""
    try:
        _lock_folder(data_dir).release()
    except Unavailable as error:
        return error.key == "storage.in_use"
    return False


def _rows(engine: Engine, statement: Executable) -> Sequence[Row[Any]]:
    with engine.connect() as connection:
        return connection.execute(statement).all()


def _row(engine: Engine, statement: Executable) -> Row[Any] | None:
    with engine.connect() as connection:
        return connection.execute(statement).first()


def _snapshot(engine: Engine, reading: Callable[[Connection], T]) -> T:
    with engine.connect() as connection:
        return reading(connection)


def _write_all(engine: Engine, statements: Sequence[Executable]) -> list[int]:
    with engine.begin() as connection:
        return [connection.execute(statement).rowcount for statement in statements]


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


def _unusable(folder: Path, problem: BaseException | None) -> Unavailable:
    """Return the error of a database that SQLite refuses: held by another program, or unusable for good."""
    if isinstance(problem, sqlite3.OperationalError) and "locked" in str(problem):
        return Unavailable("storage.held", folder=folder)
    return Unavailable("storage.unusable", folder=folder, problem=problem)


def _require_known_revision(path: Path) -> str | None:
    try:
        revision = sqlite.read_revision(path)
    except sqlite3.DatabaseError as error:
        raise _unusable(path.parent, error) from error
    if revision is not None and revision not in REVISIONS:
        raise Unavailable("storage.newer", folder=path.parent)
    return revision
