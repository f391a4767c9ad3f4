"""SQLite: the file in the data folder, its connection settings, how transactions begin, its schema revision."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, Row, Select, event
from sqlalchemy import create_engine as create_sync_engine
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import Superseded, Unavailable
from core.offload import offload
from core.storage.engines.engine import FILE, Fence, StorageEngine
from core.storage.engines.sqlite_sql import SqliteSql

T = TypeVar("T")

BEGIN = "aion_begin"
"""Execution option: the statement that begins a connection's transactions; ``BEGIN`` (deferred) by default."""

SYNCHRONOUS = "aion_synchronous"
"""Execution option: how far a commit of the connection goes before it returns; as the connection was, by default."""

WRITING = {BEGIN: "BEGIN IMMEDIATE", SYNCHRONOUS: "NORMAL"}
"""Execution options of a writer: the write lock is taken at the beginning, not at the first write, which may fail.

Commits survive a killed process; a power cut may lose the last ones, and never damages the file.
"""

DURABLE = {**WRITING, SYNCHRONOUS: "FULL"}
"""Execution options of a writer whose commits a power cut does not lose: each waits for the disk."""

AUTOCOMMIT = {BEGIN: ""}
"""Execution options for single reading statements, each of which is a transaction by itself."""

REWRITE_FIRST_PAGE = "PRAGMA user_version = 0"
"""Writes the file's first page without changing anything in use: the schema version is Alembic's."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",  # WRITING and DURABLE say which commits wait for the disk
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
    # A checkpoint after 4,000 pages of write-ahead log (16 MB): checkpoints are what indexing waits for.
    "PRAGMA wal_autocheckpoint=4000",
)


_POOL: dict[str, Any] = {"pool_size": 6, "max_overflow": 0, "pool_timeout": None}
"""At most 6 connections; further callers wait without a timeout, since more would slow all of them."""


class SqliteEngine(StorageEngine):
    """The SQLite file of a data folder."""

    sql = SqliteSql()

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        engine, direct = create_engine(data_dir / FILE), create_direct_engine(data_dir / FILE)
        self._engine, self._direct = engine, direct
        self._writer = engine.execution_options(**WRITING)
        self._durable_writer = engine.execution_options(**DURABLE)
        self._direct_writer = direct.execution_options(**WRITING)
        self._direct_durable_writer = direct.execution_options(**DURABLE)
        self._direct_reader = direct.execution_options(**AUTOCOMMIT)
        self._compiled: dict[Select[Any], str] = {}
        # SQLite has one writer. This lock queues in order; its busy handler polls, and starves whoever is unlucky.
        self._writing = asyncio.Lock()

    async def revision(self) -> str | None:
        """Return the schema revision of the file; ``None`` when it has none yet."""
        try:
            return await offload(read_revision, self._data_dir / FILE)
        except sqlite3.DatabaseError as error:
            raise self._unusable(error) from error

    async def upgrade(self) -> None:
        """Bring the schema to the last revision."""
        try:
            await super().upgrade()
        except (DatabaseError, Unavailable) as error:
            raise self._unusable(error) from error

    async def require_unlocked(self) -> None:
        """Begin a write transaction and end it."""
        try:
            async with self.write():
                pass
        except (DatabaseError, Unavailable) as error:
            unusable = self._unusable(error)
            if unusable.key == "storage.held":  # one that cannot be written at all may still be read
                raise unusable from error

    async def require_writable(self) -> None:
        """Rewrite a page of the file."""
        try:
            async with self.write() as connection:
                await connection.exec_driver_sql(REWRITE_FIRST_PAGE)
        except (DatabaseError, Unavailable) as error:
            raise self._unusable(error) from error

    async def n_bytes(self) -> int:
        """Return how large the file is."""
        return await offload(lambda: (self._data_dir / FILE).stat().st_size)

    def _unusable(self, error: Exception) -> Unavailable:
        """Return what is said of a file that is refused at the start: held by another program, or unusable for good."""
        problem = error.values["problem"] if isinstance(error, Unavailable) else getattr(error, "orig", error)
        if _code(problem) == sqlite3.SQLITE_BUSY:
            return Unavailable("storage.held", folder=self._data_dir)
        return Unavailable("storage.unusable", folder=self._data_dir, problem=problem)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection whose reads all see the same snapshot."""
        with _reported():
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection that holds the file's write lock."""
        with _reported():
            async with self._writing, self._writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def write_durably(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection as ``write`` does; the commit waits for the disk."""
        with _reported():
            async with self._writing, self._durable_writer.begin() as connection:
                yield connection

    async def rows(self, statement: Executable) -> Sequence[Row[Any]]:
        """Return every row of one statement."""
        return await self.run_in_thread(partial(_rows, self._direct_reader, statement))

    async def row(self, statement: Executable) -> Row[Any] | None:
        """Return the first row of one statement, or ``None``."""
        return await self.run_in_thread(partial(_row, self._direct_reader, statement))

    async def snapshot(self, reading: Callable[[Connection], T]) -> T:
        """Return the result of ``reading``, which runs in a thread."""
        return await self.run_in_thread(partial(_snapshot, self._direct, reading))

    def rows_blocking(self, statement: Select[Any], parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Return every row of a statement, which is compiled once. Blocks.

        It bypasses SQLAlchemy, which takes three times as long to return a few rows as SQLite does to find them.
        """
        sql = self._compiled.get(statement)
        if sql is None:
            sql = self._compiled[statement] = str(statement.compile(dialect=dialect(paramstyle="named")))
        bound = {name: json.dumps(value) if isinstance(value, list) else value for name, value in parameters.items()}
        with closing(self._direct.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(sql, bound)
            return list(cursor.fetchall())

    async def write_all(self, statements: Sequence[Executable]) -> list[int]:
        """Run statements in one transaction and return how many rows each changed."""
        return await self._write_in_turn(self._direct_writer, statements)

    async def write_all_durably(self, statements: Sequence[Executable], fence: Fence | None = None) -> list[int]:
        """Run statements as ``write_all`` does; the commit waits for the disk. Raises ``Superseded``."""
        return await self._write_in_turn(self._direct_durable_writer, statements, fence)

    async def _write_in_turn(
        self, engine: Engine, statements: Sequence[Executable], fence: Fence | None = None
    ) -> list[int]:
        """Run statements in a thread, and let nobody else write until it is done, even if its caller is cancelled."""
        async with self._writing:
            writing = asyncio.ensure_future(self.run_in_thread(partial(_write_all, engine, statements, fence)))
            try:
                return await asyncio.shield(writing)
            finally:
                await asyncio.wait({writing})
                if not writing.cancelled():
                    writing.exception()  # seen, also where nobody waits for it any more

    async def disconnect(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
        self._threads.close()
        self._direct.dispose()


_FAILURES = {
    sqlite3.SQLITE_FULL: "storage.full",
    sqlite3.SQLITE_READONLY: "storage.read_only",
    sqlite3.SQLITE_BUSY: "storage.locked",
    sqlite3.SQLITE_IOERR: "storage.failing",
    sqlite3.SQLITE_CANTOPEN: "storage.failing",
    sqlite3.SQLITE_CORRUPT: "storage.failing",
}
"""What is said of the errors that are the disk's or another program's (https://sqlite.org/rescode.html)."""


@contextmanager
def _reported() -> Iterator[None]:
    """Raise ``Unavailable`` in place of SQLite's error for a file that is full, locked, read-only or failing."""
    try:
        yield
    except DatabaseError as error:
        if (key := _FAILURES.get(_code(error.orig))) is None:
            raise
        raise Unavailable(key, database=FILE, problem=error.orig) from error


def _code(problem: object) -> int:
    """Return the primary result code of an error of SQLite's; 0 for any other."""
    return int(getattr(problem, "sqlite_errorcode", 0)) & 0xFF


def _rows(engine: Engine, statement: Executable) -> Sequence[Row[Any]]:
    with _reported(), engine.connect() as connection:
        return connection.execute(statement).all()


def _row(engine: Engine, statement: Executable) -> Row[Any] | None:
    with _reported(), engine.connect() as connection:
        return connection.execute(statement).first()


def _snapshot(engine: Engine, reading: Callable[[Connection], T]) -> T:
    with _reported(), engine.connect() as connection:
        return reading(connection)


def _write_all(engine: Engine, statements: Sequence[Executable], fence: Fence | None = None) -> list[int]:
    with _reported(), engine.begin() as connection:
        if fence is not None and connection.execute(fence).first() is None:
            raise Superseded
        return [connection.execute(statement).rowcount for statement in statements]


def create_engine(path: Path) -> AsyncEngine:
    """Return an asynchronous engine on the file ``path``, which is created at the first connection."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", **_POOL)
    _listen(engine.sync_engine)
    return engine


def create_direct_engine(path: Path) -> Engine:
    """Return a blocking engine on the file ``path``, for threads: faster, as no step of a statement is awaited."""
    engine = create_sync_engine(f"sqlite:///{path}", **_POOL)
    _listen(engine)
    return engine


def _listen(engine: Engine) -> None:
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)


def read_revision(path: Path) -> str | None:
    """Return the schema revision a database file is at, changing nothing; ``None`` when it has none yet.

    Raises ``sqlite3.DatabaseError`` when the file is not a database.
    """
    if not path.exists():
        return None
    # A reader creates -wal and -shm files unless the file is declared immutable. It is, where there is no write-ahead
    # log, as the caller holds the folder's lock.
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # The driver begins transactions late, and not for DDL or SELECT; with ``None`` it leaves them to ``_begin``.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    if synchronous := connection.get_execution_options().get(SYNCHRONOUS):
        connection.exec_driver_sql(f"PRAGMA synchronous={synchronous}")  # of no effect within a transaction
    if statement := connection.get_execution_options().get(BEGIN, "BEGIN"):
        connection.exec_driver_sql(statement)
