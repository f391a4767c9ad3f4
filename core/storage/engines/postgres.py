"""A PostgreSQL server: snapshots, transactions one after the other, and statements for worker threads.

Writing transactions queue at an advisory lock that ends with the transaction, as they do in SQLite, so that what one
has read stays true until it commits, whichever process it is of. What depends on nothing that it read does not wait
for it: single statements, answers as they are recorded (``write_beside``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from threading import Lock, Thread
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Row, Select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import DatabaseUnreachable, Superseded, Unavailable
from core.storage.engines.engine import Fence, StorageEngine
from core.storage.engines.postgres_driver import UNREACHABLE, create_engine, public_address
from core.storage.engines.postgres_graphs import tend_graphs
from core.storage.engines.postgres_sql import PostgresSql
from core.storage.engines.postgres_vectors import PostgresVectors

T = TypeVar("T")

N_CONNECTIONS, N_BLOCKING_CONNECTIONS = 6, 3
"""Connections of the event loop, and of worker threads; further callers wait."""

_WRITE_LOCK = 7_310_579_001
"""The key of the advisory lock that writing transactions hold: any number that no other program uses."""

_READ_ONLY = "25006"
_DISK_FULL = "53100"
_GONE = ("08", "57P", "53300")
"""How the codes (SQLSTATE) of servers begin that are not to be reached: connection, shutdown, too many clients."""


class PostgresEngine(StorageEngine):
    """A database on a PostgreSQL server, as seen by the process that works in ``data_dir``."""

    sql = PostgresSql()

    def __init__(self, data_dir: Path, url: str) -> None:
        super().__init__(data_dir)
        self._address = public_address(url)
        self._engine = create_engine(url, N_CONNECTIONS)
        self._snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ")
        self._blocking = BlockingConnections(url)
        self.vector_search = PostgresVectors(self._run_blocking)
        self._writing = asyncio.Lock()

    async def revision(self) -> str | None:
        """Return the schema revision of the database; ``None`` when it has none yet."""
        with self._reported():
            async with self._engine.connect() as connection:
                if (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar() is None:
                    return None
                found = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
                return str(found) if found is not None else None

    async def require_unlocked(self) -> None:
        """Do nothing: a server has no file that others could hold."""

    async def require_writable(self) -> None:
        """Write a row anew as it was."""
        async with self.write() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = version_num"))

    async def n_bytes(self) -> int:
        """Return how large the database is on the server."""
        row = await self.row(text("SELECT pg_database_size(current_database())"))
        return int(row[0]) if row is not None else 0

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection whose reads all see the same snapshot."""
        with self._reported():
            async with self._snapshots.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection that holds the advisory lock of writers."""
        with self._reported():
            async with self._writing, self._engine.begin() as connection:
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})"))
                yield connection

    @asynccontextmanager
    async def write_beside(self) -> AsyncIterator[AsyncConnection]:
        """Yield a connection in a transaction of its own, which waits for no lock but those of the rows that it writes.

        Writers that take the lock hold it until the disk has the commit, so that the answers of all cores would queue.
        """
        with self._reported():
            async with self._engine.begin() as connection:
                yield connection

    def write_durably(self) -> Any:
        """Yield a connection as ``write`` does: a server's commits wait for the disk unless it was told otherwise."""
        return self.write()

    async def rows(self, statement: Executable) -> Sequence[Row[Any]]:
        """Return every row of one statement."""
        with self._reported():
            async with self._engine.connect() as connection:
                return (await connection.execute(statement)).all()

    async def row(self, statement: Executable) -> Row[Any] | None:
        """Return the first row of one statement, or ``None``."""
        with self._reported():
            async with self._engine.connect() as connection:
                return (await connection.execute(statement)).first()

    async def snapshot(self, reading: Callable[[Connection], T]) -> T:
        """Return the result of ``reading``, whose reads all see the same snapshot."""
        async with self.read() as connection:
            return await connection.run_sync(reading)

    def rows_blocking(self, statement: Select[Any], parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Return every row of a statement with its named parameters. Blocks."""

        async def rows(connection: AsyncConnection) -> Sequence[Sequence[Any]]:
            found: Sequence[Sequence[Any]] = (await connection.execute(statement, parameters)).all()
            return found

        return self._run_blocking(rows)

    def _run_blocking(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        with self._reported():
            return self._blocking.run(work)

    async def write_all(self, statements: Sequence[Executable]) -> list[int]:
        """Run statements in one transaction and return how many rows each changed."""
        return await self.write_all_durably(statements)

    async def write_all_durably(self, statements: Sequence[Executable], fence: Fence | None = None) -> list[int]:
        """Run statements as ``write_all`` does. Raises ``Superseded``."""
        with self._reported():
            async with self._engine.begin() as connection:
                if fence is not None and (await connection.execute(fence)).first() is None:
                    raise Superseded
                return [(await connection.execute(statement)).rowcount for statement in statements]

    async def tend_vectors(self) -> int:
        """Build and drop the graphs of large spaces."""
        with self._reported():
            return await tend_graphs(self._engine)

    async def disconnect(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
        await self.run_in_thread(self._blocking.close)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Raise ``Unavailable`` in place of the driver's error for a server that is gone, read-only or full."""
        try:
            yield
        except DBAPIError as error:
            if (kind := _unavailable(error)) is None:
                raise
            reason, key = kind
            raise reason(key, database=self._address) from error


class BlockingConnections:
    """Connections for worker threads, served by an event loop in a thread of its own: asyncpg knows no other way."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, N_BLOCKING_CONNECTIONS)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: Thread | None = None
        self._starting = Lock()

    def run(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        """Return the result of ``work`` on a connection, in one transaction. Blocks."""

        async def connected() -> T:
            async with self._engine.connect() as connection:
                return await work(connection)

        return self._run(connected())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        result: T = asyncio.run_coroutine_threadsafe(work, self._running_loop()).result()
        return result

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = Thread(target=self._loop.run_forever, name="database-reads", daemon=True)
                self._thread.start()
            return self._loop

    def close(self) -> None:
        """Close the connections and end the thread. Blocks."""
        if self._loop is not None and self._thread is not None:
            self._run(self._engine.dispose())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


def _unavailable(error: DBAPIError) -> tuple[type[Unavailable], str] | None:
    """Return the kind and the sentence's key of an error that no statement is to blame for."""
    code = getattr(error.orig, "sqlstate", None) or ""
    if code == _READ_ONLY:
        return Unavailable, "storage.read_only"
    if code == _DISK_FULL:
        return Unavailable, "storage.full"
    is_gone = error.connection_invalidated or isinstance(error.orig, UNREACHABLE)
    return (DatabaseUnreachable, "storage.unreachable") if is_gone or code.startswith(_GONE) else None
