"""SQL of SQLite's own (``core.storage.engines.dialect.SqlDialect``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, func, literal, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.schema.base import Moment


class SqliteSql:
    """Statements as SQLite understands them."""

    def insert(self, table: Table) -> sqlite.Insert:
        """Return an INSERT that has ON CONFLICT."""
        return sqlite.insert(table)

    def is_among(self, column: ColumnElement[Any], parameter: str) -> ColumnElement[bool]:
        """Return whether a column's value is in the JSON list bound to ``parameter``."""
        return column.in_(select(func.json_each(bindparam(parameter)).table_valued("value").c.value))

    def utc_day(self, moment: ColumnElement[Any]) -> ColumnElement[str]:
        """Return the day of a moment, which is stored in UTC."""
        return func.date(moment)

    def moment_in(self, delay: timedelta) -> ColumnElement[datetime]:
        """Return the moment ``delay`` from now: the database is a file, and its clock this machine's."""
        return literal(datetime.now(UTC) + delay, Moment())

    async def insert_rows(
        self, connection: AsyncConnection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Insert many rows, bypassing SQLAlchemy: it takes three times as long to bind a row as SQLite to write it."""
        if rows:
            await connection.exec_driver_sql(_insert_sql(table, tuple(names)), list(rows))


@cache
def _insert_sql(table: Table, names: tuple[str, ...]) -> str:
    return str(plain_insert(table).compile(dialect=sqlite.dialect(), column_keys=list(names)))
