"""The seam between the stores and a database: its connections, its transactions, and SQL of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.offload import ThreadPool
from core.ports import VectorSearch
from core.storage import migrations
from core.storage.engines.dialect import SqlDialect

T = TypeVar("T")

Fence = Select[tuple[int]]
"""A statement that has rows as long as this process may write (``core.storage.delivery.leases.HeldLease.fence``)."""

FILE = "aion.db"
"""SQLite's file in a data folder."""

N_THREADS = 3
"""Threads for single statements, two reading and one writing; they are not shared with model inference."""


class StorageEngine(ABC):
    """The connections of one database, used by the process that works in ``data_dir``."""

    sql: SqlDialect
    vector_search: VectorSearch | None = None

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._threads = ThreadPool(N_THREADS, "database")

    async def upgrade(self) -> None:
        """Bring the schema to the last revision. Raises ``Unavailable`` when that is impossible."""
        async with self.write() as connection:
            await connection.run_sync(migrations.upgrade)

    @abstractmethod
    async def revision(self) -> str | None:
        """Return the schema revision, changing nothing; ``None`` when there is none yet.

        Raises ``Unavailable`` when it cannot be read.
        """

    @abstractmethod
    async def require_unlocked(self) -> None:
        """Raise ``Unavailable`` when another program keeps the database from being written."""

    @abstractmethod
    async def require_writable(self) -> None:
        """Raise ``Unavailable`` when nothing can be written: locked, read-only, disk full, out of reach."""

    @abstractmethod
    async def n_bytes(self) -> int:
        """Return how large the database is, indexes included."""

    @abstractmethod
    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Yield a connection whose reads all see the same snapshot."""

    @abstractmethod
    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Yield a connection in a write transaction, committed at the end or rolled back after an exception.

        No other such transaction runs at the same time, so that what it reads stays true until it commits.
        """

    def write_beside(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Yield a connection as ``write`` does, beside which other transactions write where the database can do that.

        What it writes must not depend on what it read, but for rows that it holds (``FOR KEY SHARE``).
        """
        return self.write()

    @abstractmethod
    def write_durably(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Yield a connection as ``write`` does; the commit waits for the disk, so that a power cut does not lose it."""

    @abstractmethod
    async def rows(self, statement: Executable) -> Sequence[Row[Any]]:
        """Return every row of one statement."""

    @abstractmethod
    async def row(self, statement: Executable) -> Row[Any] | None:
        """Return the first row of one statement, or ``None``."""

    @abstractmethod
    async def snapshot(self, reading: Callable[[Connection], T]) -> T:
        """Return the result of ``reading``, whose reads all see the same snapshot."""

    @abstractmethod
    def rows_blocking(self, statement: Select[Any], parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Return every row of a statement that is made once and run often, with its named parameters.

        Lists are bound to parameters of ``sql.is_among``. Blocks; call it outside the event loop.
        """

    @abstractmethod
    async def write_all(self, statements: Sequence[Executable]) -> list[int]:
        """Run statements in one transaction and return how many rows each changed.

        Others may run at the same time: what is to be written must not depend on what was read before.
        """

    @abstractmethod
    async def write_all_durably(self, statements: Sequence[Executable], fence: Fence | None = None) -> list[int]:
        """Run statements as ``write_all`` does; the commit waits for the disk.

        Raises ``Superseded``, and writes nothing, when ``fence`` has no rows in that transaction.
        """

    async def tend_vectors(self) -> int:
        """Make or drop what large spaces are searched with, where the database searches; return how many."""
        return 0

    async def run_in_thread(self, work: Callable[[], T]) -> T:
        """Return the result of ``work``, which blocks and runs in one of the database's own threads."""
        return await self._threads.run(work)

    @abstractmethod
    async def disconnect(self) -> None:
        """Close every connection."""

    async def close(self) -> None:
        """Close every connection and end the threads."""
        await self.disconnect()
        self._threads.close()
