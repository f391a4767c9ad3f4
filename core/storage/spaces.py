"""Spaces: the tenants with their language and settings, and the revision counter that search indexes follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.database import Database
from core.storage.schema import spaces
from core.storage.space_move import move_space
from core.types import Language, SpaceId


@dataclass(frozen=True, slots=True)
class Space:
    """A tenant. ``language`` is ``None`` where each person is answered in their own."""

    id: SpaceId
    platform: str
    title: str | None
    language: Language | None
    settings: Mapping[str, Any] = field(default_factory=dict)


class Spaces:
    """The known spaces. A space is added when something is first stored in it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, space: SpaceId) -> Space | None:
        """Return a space, if it is known."""
        row = await self._database.row(select(spaces).where(spaces.c.id == space))
        return _space(row) if row is not None else None

    async def all(self) -> tuple[Space, ...]:
        """Return every space, by id. For the operator's own jobs; nothing that answers a person may call it."""
        return tuple(_space(row) for row in await self._database.rows(select(spaces).order_by(spaces.c.id)))

    async def save(self, space: Space) -> None:
        """Store a space's title, language and settings."""
        async with self._database.write() as connection:
            await ensure_space(connection, space.id)
            values = {"title": space.title, "language": space.language, "settings": dict(space.settings)}
            await connection.execute(update(spaces).where(spaces.c.id == space.id).values(values))

    async def change_settings(
        self, space: SpaceId, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        """Replace a space's settings by ``change(settings)`` in one transaction, and return them."""
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            held = (await connection.execute(select(spaces.c.settings).where(spaces.c.id == space))).scalar_one()
            changed = dict(change(held))
            await connection.execute(update(spaces).where(spaces.c.id == space).values(settings=changed))
        return changed

    async def move(self, space: SpaceId, new: SpaceId) -> bool:
        """Move everything of a space to another id; ``False`` when the space does not exist. Atomic."""
        async with self._database.write() as connection:
            return await move_space(connection, space, new)


async def ensure_space(connection: AsyncConnection, space: SpaceId) -> None:
    """Insert the space within a transaction, if it is not there."""
    if (await connection.execute(select(spaces.c.id).where(spaces.c.id == space))).first() is None:
        values = {"id": space, "platform": space.split(":")[0], "settings": {}, "revision": 0}
        await connection.execute(insert(spaces).values(created_at=datetime.now(UTC), **values))


async def next_revision(connection: AsyncConnection, space: SpaceId) -> int:
    """Increment the space's revision within a transaction and return it; a missing space is inserted."""
    raised = update(spaces).where(spaces.c.id == space).values(revision=spaces.c.revision + 1)
    statement = raised.returning(spaces.c.revision)
    revision = (await connection.execute(statement)).scalar()
    if revision is None:
        await ensure_space(connection, space)
        revision = (await connection.execute(statement)).scalar_one()
    return int(revision)


def _space(row: Row[Any]) -> Space:
    return Space(row.id, row.platform, row.title, row.language, row.settings)
