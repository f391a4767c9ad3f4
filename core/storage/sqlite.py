"""What is specific to SQLite: connection settings, how transactions begin, reading the schema revision."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy import create_engine as create_sync_engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

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
