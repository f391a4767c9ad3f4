"""Daily figures of answer quality, kept after the answers they were computed from are deleted.

Every method reads and writes one space.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import delete, func, insert, select

from core.storage.database import Database
from core.storage.schema import quality_days, spaces
from core.types import SpaceId


class QualityDays:
    """The figures of every space by day (UTC)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, space: SpaceId, day: date, figures: Mapping[str, float | None]) -> None:
        """Store the figures of a day in place of earlier ones; nothing for a space that no longer exists."""
        same = (quality_days.c.space_id == space) & (quality_days.c.day == day)
        async with self._database.write() as connection:
            await connection.execute(delete(quality_days).where(same))
            known = select(func.count()).select_from(spaces).where(spaces.c.id == space)
            if (await connection.execute(known)).scalar_one():  # it may have been removed meanwhile
                values = {"space_id": space, "day": day, "figures": dict(figures)}
                await connection.execute(insert(quality_days).values(values))

    async def since(self, space: SpaceId, first: date) -> Mapping[date, Mapping[str, float | None]]:
        """Return the figures of each day from ``first`` on, oldest first."""
        columns = quality_days.c
        chosen = select(columns.day, columns.figures).where(columns.space_id == space, columns.day >= first)
        return {row.day: row.figures for row in await self._database.rows(chosen.order_by(columns.day))}
