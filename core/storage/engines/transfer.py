"""Copying everything from SQLite to PostgreSQL: table by table, in the order of primary keys, and then compared.

Each batch is one transaction, so that a transfer that was killed goes on behind the last row that it wrote. A comment
in the target names its source until every table has the same number of rows with the same checksum.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Select, Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Unavailable
from core.storage.database import Database
from core.storage.schema import metadata
from core.storage.schema.base import SearchVector

BATCH = 500
"""Rows that are written in one transaction."""

_NUL = "\x00"
"""A character that PostgreSQL cannot store in a text; it is left out."""

_MARK = "being filled from "


@dataclass(frozen=True, slots=True)
class TableState:
    """How many rows a table has, and the sum of their checksums, which does not depend on their order."""

    n_rows: int
    checksum: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """Copies all rows of ``source`` (SQLite) to ``target`` (PostgreSQL). ``origin`` names the source.

    Nobody may write to either meanwhile.
    """

    source: Database
    target: Database
    origin: str

    async def count(self) -> int:
        """Return how many rows the source has."""
        async with self.source.read() as connection:
            return sum([await _count(connection, table) for table in metadata.sorted_tables])

    async def copy(self, advance: Callable[[int], None]) -> int:
        """Copy what the target does not have yet, compare all of it, and return how many rows there are.

        ``advance`` is given the number of rows that were copied, or found there. Raises ``Unavailable`` when the
        target holds rows of another source, and when the two differ in the end.
        """
        await self._claim()
        async with self.source.read() as connection:
            for table in metadata.sorted_tables:
                await self._copy_table(connection, table, advance)
            n_rows = await self._compare(connection)
            await self._set_next_ids(connection)
        await self._comment("NULL")
        return n_rows

    async def _claim(self) -> None:
        """Mark the target as being filled. Raises ``Unavailable`` when it has rows that are not from this source."""
        mark = f"{_MARK}{hashlib.sha256(self.origin.encode()).hexdigest()[:16]}"
        async with self.target.read() as connection:
            found = await connection.execute(text("SELECT obj_description('alembic_version'::regclass)"))
            if found.scalar() == mark:
                return
            if sum([await _count(connection, table) for table in metadata.sorted_tables]):
                raise Unavailable("migrate.not_empty")
        await self._comment(f"'{mark}'")

    async def _comment(self, literal: str) -> None:
        async with self.target.write() as connection:
            await connection.execute(text(f"COMMENT ON TABLE alembic_version IS {literal}"))

    async def _copy_table(self, connection: AsyncConnection, table: Table, advance: Callable[[int], None]) -> None:
        async with self.target.read() as there:
            n_there = await _count(there, table)
        advance(n_there)
        async for rows in _batches(connection, _ordered(table).offset(n_there)):
            async with self.target.write() as writer:
                await writer.execute(insert(table), rows)
            advance(len(rows))

    async def _compare(self, connection: AsyncConnection) -> int:
        n_rows = 0
        async with self.target.read() as there:
            for table in metadata.sorted_tables:
                ours, theirs = await _state(connection, table), await _state(there, table)
                if ours != theirs:
                    raise Unavailable("migrate.differs", table=table.name, here=ours.n_rows, there=theirs.n_rows)
                n_rows += ours.n_rows
        return n_rows

    async def _set_next_ids(self, connection: AsyncConnection) -> None:
        """Let the target give ids behind all that the source ever gave: none is given twice."""
        used = {row.name: row.seq for row in await connection.execute(text("SELECT name, seq FROM sqlite_sequence"))}
        async with self.target.write() as writer:
            for table in metadata.sorted_tables:
                if used.get(table.name):
                    next_id = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :used)")
                    await writer.execute(next_id, {"name": table.name, "used": used[table.name]})


async def _count(connection: AsyncConnection, table: Table) -> int:
    return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


def _ordered(table: Table) -> Select[Any]:
    return select(table).order_by(*table.primary_key.columns)


async def _batches(connection: AsyncConnection, statement: Select[Any]) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield the rows of a statement, as many at a time as are written in one transaction."""
    async with connection.stream(statement) as found:
        async for rows in found.mappings().partitions(BATCH):
            yield [{name: _storable(value) for name, value in row.items()} for row in rows]


def _storable(value: Any) -> Any:
    return value.replace(_NUL, "") if isinstance(value, str) else value


async def _state(connection: AsyncConnection, table: Table) -> TableState:
    n_rows, total = 0, 0
    rounded = frozenset(column.name for column in table.columns if isinstance(column.type, SearchVector))
    async for rows in _batches(connection, select(table)):
        n_rows += len(rows)
        total += sum(_checksum(row, rounded) for row in rows)
    return TableState(n_rows, total % 2**64)


def _checksum(row: Mapping[str, Any], rounded: frozenset[str]) -> int:
    """Return the checksum of a row; vectors of columns ``rounded`` count as PostgreSQL keeps them, in 16 bits."""
    values = [_plain(value, "<f2" if name in rounded else "<f4") for name, value in sorted(row.items())]
    written = json.dumps(values, sort_keys=True, default=_plain_moment).encode()
    return int.from_bytes(hashlib.blake2b(written, digest_size=8).digest())


def _plain(value: Any, kind: str) -> Any:
    return np.asarray(value, kind).tobytes().hex() if isinstance(value, np.ndarray) else value


def _plain_moment(value: Any) -> str:
    """Return a moment or a day as text."""
    return str(value.timestamp()) if isinstance(value, datetime) else str(value)
