"""The one door to what is stored: opening the data folder, reading, writing in transactions.

Covers the folder's lock, its version and its migrations. Does not cover any query: those are in the repositories
(``documents``, ``passages``, ``answers``, ``inbox``, ``spaces``, ``runs``).
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

T = TypeVar("T")

FILE = "aion.db"
LOCK = "aion.lock"

N_THREADS = 3
"""Threads for single statements, so that these never wait behind a model: two that read and one that writes."""


class Database:
    """An open data folder. Made by ``open``; one process holds a folder at a time."""

    def __init__(self, engine: AsyncEngine, direct: Engine, lock: BaseFileLock | None) -> None:
        self._engine = engine
        self._writer = engine.execution_options(**sqlite.WRITING)
        self._direct = direct
        self._direct_writer = direct.execution_options(**sqlite.WRITING)
        self._direct_reader = direct.execution_options(**sqlite.SINGLE)
        self._threads = ThreadPool(N_THREADS, "database")
        self._lock = lock
        # SQLite has one writer; waiting here is fair and cheap, waiting in its busy handler is neither.
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, data_dir: Path) -> Database:
        """Open a data folder, making it or bringing it up to date.

        Raises ``Unavailable`` when the folder cannot be used, when another process holds it, when its database is
        damaged, and when a newer version of AION made it (nothing in it is touched).
        """
        lock = await offload(_take, data_dir)
        try:
            revision = await offload(_known_revision, data_dir / FILE)
        except Unavailable:
            lock.release()
            raise
        database = cls._on(data_dir / FILE, lock)
        if revision != REVISIONS[-1]:
            try:
                await database._upgrade(data_dir)
            except BaseException:
                await database.close()
                raise
        return database

    @classmethod
    async def join(cls, data_dir: Path) -> Database:
        """Open a data folder that another process holds, beside it, for a short look or a small change.

        Raises ``Unavailable`` when its database is damaged or of another version than this.
        """
        if await offload(_known_revision, data_dir / FILE) != REVISIONS[-1]:
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
            raise Unavailable("storage.unusable", folder=data_dir, problem=error.orig) from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection on which several reads see the same moment."""
        async with self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction: all of it is kept at the end, or none after an exception."""
        async with self._writing, self._writer.begin() as connection:
            yield connection

    async def rows(self, statement: Executable) -> Sequence[Row[Any]]:
        """Return every row of one statement."""
        return await self.in_thread(partial(_rows, self._direct_reader, statement))

    async def row(self, statement: Executable) -> Row[Any] | None:
        """Return the first row of one statement, if there is one."""
        return await self.in_thread(partial(_row, self._direct_reader, statement))

    async def look(self, reading: Callable[[Connection], T]) -> T:
        """Return what several reads made of one moment; ``reading`` blocks, in one thread."""
        return await self.in_thread(partial(_look, self._direct, reading))

    def rows_here(self, statement: str, parameters: Mapping[str, str]) -> list[tuple[Any, ...]]:
        """Return every row of one statement in SQLite's own words. Blocks: for a thread that is off the event loop.

        Past SQLAlchemy, which takes three times as long to hand over a few rows as SQLite does to find them.
        """
        with closing(self._direct.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())

    async def write_all(self, statements: Sequence[Executable]) -> list[int]:
        """Run statements in one transaction, and return how many rows each changed."""
        async with self._writing:
            return await self.in_thread(partial(_write_all, self._direct_writer, statements))

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, which blocks, in a thread of the database's own: it waits behind no model."""
        return await self._threads.run(work)

    async def require_writable(self) -> None:
        """Write a page of the file. Raises ``Unavailable`` when that fails: locked, read-only, disk full."""
        try:
            async with self.write() as connection:
                await connection.exec_driver_sql(sqlite.TOUCH)
        except DatabaseError as error:
            folder = Path(self._engine.url.database or "").parent
            raise Unavailable("storage.unusable", folder=folder, problem=error.orig) from error

    async def close(self) -> None:
        """Close every connection and give the folder back."""
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


def is_held(data_dir: Path) -> bool:
    """Tell whether another process has the data folder open. Blocks, for a moment."""
    try:
        _take(data_dir).release()
    except Unavailable as error:
        return error.key == "storage.in_use"
    return False


def _rows(engine: Engine, statement: Executable) -> Sequence[Row[Any]]:
    with engine.connect() as connection:
        return connection.execute(statement).all()


def _row(engine: Engine, statement: Executable) -> Row[Any] | None:
    with engine.connect() as connection:
        return connection.execute(statement).first()


def _look(engine: Engine, reading: Callable[[Connection], T]) -> T:
    with engine.connect() as connection:
        return reading(connection)


def _write_all(engine: Engine, statements: Sequence[Executable]) -> list[int]:
    with engine.begin() as connection:
        return [connection.execute(statement).rowcount for statement in statements]


def _take(data_dir: Path) -> BaseFileLock:
    lock = FileLock(data_dir / LOCK, blocking=False, thread_local=False)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise Unavailable("storage.in_use", folder=data_dir) from None
    except OSError as error:
        raise Unavailable("storage.unusable", folder=data_dir, problem=error.strerror) from error
    return lock


def _known_revision(path: Path) -> str | None:
    try:
        revision = sqlite.read_revision(path)
    except sqlite3.DatabaseError as error:
        raise Unavailable("storage.unusable", folder=path.parent, problem=error) from error
    if revision is not None and revision not in REVISIONS:
        raise Unavailable("storage.newer", folder=path.parent)
    return revision
