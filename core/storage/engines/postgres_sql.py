"""SQL of PostgreSQL's own (``core.storage.engines.dialect.SqlDialect``), and vectors as pgvector stores them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import (
    REAL,
    BindParameter,
    ColumnElement,
    Dialect,
    Interval,
    Table,
    any_,
    bindparam,
    cast,
    func,
    insert,
    literal,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import UserDefinedType

from core.types import Vector

_HEADER = 4
"""Bytes before the numbers of a sent ``halfvec``: its dimension, and two that are unused."""


class HalfVector(UserDefinedType[Any]):
    """pgvector's ``halfvec``, 16 bits a number; written from little-endian float32 bytes, read as a vector of float32.

    It travels as ``real[]`` and as the bytes of ``halfvec_send``, both of which every connection knows: the type's own
    number differs from database to database, and would have to be asked for.
    """

    cache_ok = True

    def get_col_spec(self, **options: Any) -> str:
        """Return the type as it stands in DDL; of any dimension, as embedders differ."""
        return "halfvec"

    def bind_expression(self, bindvalue: BindParameter[bytes]) -> ColumnElement[bytes]:
        """Return the expression that makes a ``halfvec`` of a bound ``real[]``."""
        return cast(cast(bindvalue, postgresql.ARRAY(REAL)), self)

    def column_expression(self, column: ColumnElement[bytes]) -> ColumnElement[bytes]:
        """Return the expression that a column is read by."""
        return func.halfvec_send(column, type_=self)

    def bind_processor(self, dialect: Dialect) -> Callable[[bytes | None], list[float] | None]:
        """Return what makes numbers of bytes."""
        return lambda value: np.frombuffer(value, "<f4").tolist() if value is not None else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[bytes | None], Vector | None]:
        """Return what makes a vector of what ``halfvec_send`` sent."""
        return lambda sent: read_sent(sent) if sent else None


def read_sent(sent: bytes) -> Vector:
    """Return the vector that ``halfvec_send`` sent, as float32."""
    return np.frombuffer(sent, ">f2", offset=_HEADER).astype(np.float32)


postgresql.base.ischema_names["halfvec"] = HalfVector  # so that reflection knows it, too


class PostgresSql:
    """Statements as PostgreSQL understands them."""

    def insert(self, table: Table) -> postgresql.Insert:
        """Return an INSERT that has ON CONFLICT."""
        return postgresql.insert(table)

    def is_among(self, column: ColumnElement[Any], parameter: str) -> ColumnElement[bool]:
        """Return whether a column's value is in the array bound to ``parameter``."""
        return column == any_(bindparam(parameter, type_=postgresql.ARRAY(column.type)))

    def utc_day(self, moment: ColumnElement[Any]) -> ColumnElement[str]:
        """Return the day of a moment in UTC, whatever the server's own time zone."""
        return func.to_char(func.timezone("UTC", moment), "YYYY-MM-DD")

    def moment_in(self, delay: timedelta) -> ColumnElement[datetime]:
        """Return the moment ``delay`` from now by the server's clock, also within a long transaction."""
        return func.clock_timestamp() + literal(delay, Interval())

    async def insert_rows(
        self, connection: AsyncConnection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Insert many rows in one batch."""
        if rows:
            await connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
