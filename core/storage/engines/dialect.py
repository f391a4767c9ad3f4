"""SQL that databases spell differently, behind one interface; the dialect of a connection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.engines.sqlite_sql import SqliteSql


class SqlDialect(Protocol):
    """What a statement needs to know of the database that runs it."""

    def insert(self, table: Table) -> Any:
        """Return an INSERT with ``on_conflict_do_nothing`` and ``on_conflict_do_update``, alike in both databases."""
        ...

    def is_among(self, column: ColumnElement[Any], parameter: str) -> ColumnElement[bool]:
        """Return whether a column's value is in the list bound to ``parameter``, of any length."""
        ...

    def utc_day(self, moment: ColumnElement[Any]) -> ColumnElement[str]:
        """Return the day of a moment in UTC, as ``YYYY-MM-DD``."""
        ...

    def moment_in(self, delay: timedelta) -> ColumnElement[datetime]:
        """Return the moment ``delay`` from now by the database's clock, which all its processes share."""
        ...

    async def insert_rows(
        self, connection: AsyncConnection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Insert many rows, given as stored values of the columns ``names``, at the least cost for each."""
        ...


def sql_of(connection: AsyncConnection) -> SqlDialect:
    """Return the dialect of an open connection."""
    if connection.dialect.name == "sqlite":
        return SqliteSql()
    from core.storage.engines.postgres_sql import PostgresSql  # loaded where it is used

    return PostgresSql()
