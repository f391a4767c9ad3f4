"""Connections to PostgreSQL over asyncpg that a transaction pooler may lie between (PgBouncer, Supabase's Supavisor).

Behind one, each transaction may run on another connection of the server: nothing is prepared under a name, nothing set
for a session, and every statement runs within a transaction, which keeps parsing and running it on one connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, cast

import asyncpg
from sqlalchemy import event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import (
    AsyncAdapt_asyncpg_connection,
    AsyncAdapt_asyncpg_dbapi,
    PGDialect_asyncpg,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIModule
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from core.errors import Unavailable

CONNECT_S, COMMAND_S = 10.0, 120.0
"""Seconds after which connecting, and one statement, are given up."""

_NETWORK_ERRORS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class PooledDbapi(AsyncAdapt_asyncpg_dbapi):
    """asyncpg as a DB-API, whose lost connections are operational errors like any other."""

    def __init__(self, driver: ModuleType) -> None:
        super().__init__(driver)  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped

    @property
    def _asyncpg_error_translate(self) -> Mapping[type[Exception], type[Exception]]:
        known = super()._asyncpg_error_translate
        return {**known, OSError: self.OperationalError, TimeoutError: self.OperationalError}


UNREACHABLE: type[Exception] = PooledDbapi.OperationalError
"""The DB-API's error for a server that does not answer."""


class PooledDialect(PGDialect_asyncpg):
    """SQLAlchemy's dialect for asyncpg without what it asks of every new connection: JSON is decoded by SQLAlchemy."""

    supports_statement_cache = True
    supports_native_json_deserialization = False
    dialect_injects_custom_json_deserializer = False

    @classmethod
    def import_dbapi(cls) -> DBAPIModule:
        """Return the DB-API."""
        return cast(DBAPIModule, PooledDbapi(asyncpg))

    async def setup_asyncpg_json_codec(self, conn: AsyncAdapt_asyncpg_connection) -> None:
        """Leave JSON as text."""

    async def setup_asyncpg_jsonb_codec(self, conn: AsyncAdapt_asyncpg_connection) -> None:
        """Leave JSON as text."""


registry.register("postgresql.aion", __name__, "PooledDialect")


def parse_url(url: str) -> URL:
    """Return a database's address. Raises ``Unavailable`` when it is none of PostgreSQL's."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise Unavailable("storage.bad_url") from None
    if parsed.drivername not in ("postgresql", "postgres"):
        raise Unavailable("storage.bad_url")
    return parsed


def public_address(url: str) -> str:
    """Return host and database of an address, without user and password."""
    parsed = parse_url(url)
    return f"{parsed.host or parsed.query.get('host', 'localhost')}/{parsed.database or ''}"


def create_engine(url: str, n_connections: int) -> AsyncEngine:
    """Return an engine of at most ``n_connections``; nothing is opened yet.

    TLS is as ``sslmode`` in the address says, and used where the server offers it when it says nothing.
    """

    async def connect() -> asyncpg.Connection[Any]:
        try:
            return await asyncpg.connect(dsn=url, statement_cache_size=0, timeout=CONNECT_S, command_timeout=COMMAND_S)
        except _NETWORK_ERRORS as error:
            raise UNREACHABLE(str(error) or type(error).__name__, error) from error

    engine = create_async_engine(
        URL.create("postgresql+aion"),
        async_creator=connect,
        pool_size=n_connections,
        max_overflow=0,
        pool_timeout=None,
        connect_args={"prepared_statement_cache_size": 0, "prepared_statement_name_func": lambda: ""},
    )
    event.listen(engine.sync_engine, "checkout", _require_open)
    return engine


def _require_open(connection: Any, record: object, proxy: object) -> None:
    """Have the pool connect anew where the server closed a waiting connection: it restarted, or the pooler did."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError
