"""Everything that is true of SQLite alone: connection settings, transactions, and a look without touching."""

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
"""Execution option naming how a connection's transactions begin; they are deferred unless it says otherwise."""

WRITING = {BEGIN: "BEGIN IMMEDIATE"}
"""For a connection that will write: it takes the write lock at once instead of failing later."""

SINGLE = {BEGIN: ""}
"""For a connection that reads one statement: that is a transaction by itself."""

TOUCH = "PRAGMA user_version = 0"
"""Writes the file's first page, and changes nothing: AION's version is Alembic's."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # A commit survives the death of the process; only a power cut can lose the last ones, never damage the file.
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=5000",
    # Pages of the log before it is written back, 16 MB: while a folder is indexed that is what waits for the disk.
    "PRAGMA wal_autocheckpoint=4000",
)


_POOL: dict[str, Any] = {"pool_size": 6, "max_overflow": 0, "pool_timeout": None}
"""Whoever finds every connection in use waits its turn, however long: opening more would only slow all of them."""


def create_engine(path: Path) -> AsyncEngine:
    """Return an engine on the database file ``path``, which is made when it is first used."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", **_POOL)
    _listen(engine.sync_engine)
    return engine


def create_direct_engine(path: Path) -> Engine:
    """Return an engine that blocks, for threads: between the steps of a statement no event loop is asked."""
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
    # Even a reader leaves helper files behind, unless it is promised that nobody else writes: the caller holds the
    # folder's lock, and without a write-ahead log beside it the file is all there is.
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # The driver begins transactions late and never around DDL or SELECT; AION begins them itself (see ``_begin``).
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    if statement := connection.get_execution_options().get(BEGIN, "BEGIN"):
        connection.exec_driver_sql(statement)
