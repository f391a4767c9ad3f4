"""The log of web readings: theme, number of pages read and kept, and why the others were left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import case, func, insert, select, update

from core.storage.database import Database
from core.storage.schema import readings
from core.storage.spaces import ensure_space
from core.types import ReadingReport, SpaceId


class ReadingLog:
    """The readings of every space. One without an end is running, or its process was killed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(self, space: SpaceId, theme: str, *, is_unasked: bool) -> int:
        """Record that reading about a theme starts now; return its id. ``is_unasked``: no person asked for it."""
        values = {"space_id": space, "theme": theme, "is_unasked": int(is_unasked), "reasons": {}}
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            statement = insert(readings).values(started_at=datetime.now(UTC), **values).returning(readings.c.id)
            return int((await connection.execute(statement)).scalar_one())

    async def finish(
        self, reading_id: int, n_pages: int, n_kept: int, reasons: Mapping[str, int], error: str = ""
    ) -> None:
        """Record how many pages were read and kept, the number left out by reason, and the error that ended it."""
        values = {"n_pages": n_pages, "n_kept": n_kept, "reasons": dict(reasons), "error": error}
        async with self._database.write() as connection:
            statement = update(readings).where(readings.c.id == reading_id)
            await connection.execute(statement.values(finished_at=datetime.now(UTC), **values))

    async def n_unasked_pages(self, space: SpaceId, since: datetime) -> int:
        """Return how many pages were read since then without being asked for."""
        ours = (readings.c.space_id == space) & (readings.c.is_unasked == 1) & (readings.c.started_at >= since)
        row = await self._database.row(select(func.coalesce(func.sum(readings.c.n_pages), 0).label("n")).where(ours))
        return int(row.n) if row is not None else 0

    async def n_pages(self, space: SpaceId, since: datetime) -> int:
        """Return how many pages people had read since then; a reading that failed or is under way counts as one."""
        ours = (readings.c.space_id == space) & (readings.c.is_unasked == 0) & (readings.c.started_at >= since)
        n_pages = func.sum(case((readings.c.n_pages > 1, readings.c.n_pages), else_=1))
        row = await self._database.row(select(func.coalesce(n_pages, 0).label("n")).where(ours))
        return int(row.n) if row is not None else 0

    async def latest(self, space: SpaceId, n_readings: int) -> tuple[ReadingReport, ...]:
        """Return a space's last readings, newest first."""
        ours = select(readings).where(readings.c.space_id == space).order_by(readings.c.id.desc()).limit(n_readings)
        return tuple(
            ReadingReport(row.theme, row.started_at, row.finished_at, row.n_pages, row.n_kept, row.reasons, row.error)
            for row in await self._database.rows(ours)
        )
