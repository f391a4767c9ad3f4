"""Passages that lack a vector, by whatever condition says so: counted by space, and given in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, func, select

from core.storage.database import Database
from core.storage.passages import read_passage, select_passages
from core.storage.schema import passages
from core.types import Passage, SpaceId


async def count_unembedded(database: Database, is_missing: ColumnElement[bool]) -> Mapping[SpaceId, int]:
    """Return how many passages of each space lack a vector; spaces with none are left out."""
    statement = select(passages.c.space_id, func.count().label("n")).where(is_missing)
    return {row.space_id: row.n for row in await database.rows(statement.group_by("space_id"))}


async def unembedded(
    database: Database, space: SpaceId, is_missing: ColumnElement[bool], after: int, limit: int
) -> Sequence[Passage]:
    """Return up to ``limit`` passages of a space that lack a vector, of ids above ``after``, ascending."""
    ids = select(passages.c.id).where(passages.c.space_id == space, passages.c.id > after, is_missing)
    wanted = [row.id for row in await database.rows(ids.order_by(passages.c.id).limit(limit))]
    rows = await database.rows(select_passages(space, wanted).order_by(passages.c.id))
    return [read_passage(space, row) for row in rows]
