"""What ended the process that read it, by the hash of its bytes, so that it is not tried again by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, select

from core.storage.database import Database
from core.storage.schema import unreadable_sources

KEPT = timedelta(days=30)
"""How long a source is refused unread."""


class UnreadableSources:
    """The sources that could not be read within the limits. They are few, and kept in memory once they were needed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._killed_at: dict[str, datetime] | None = None

    async def has(self, source: str) -> bool:
        """Return whether the source of that hash is known to be unreadable."""
        killed_at = (await self._known()).get(source)
        return killed_at is not None and killed_at > datetime.now(UTC) - KEPT

    async def add(self, source: str, reason: str) -> None:
        """Remember a source; those that were remembered for ``KEPT`` are forgotten."""
        now, known = datetime.now(UTC), unreadable_sources.c
        async with self._database.write() as connection:
            old = (known.source == source) | (known.killed_at <= now - KEPT)
            await connection.execute(delete(unreadable_sources).where(old))
            await connection.execute(insert(unreadable_sources).values(source=source, reason=reason, killed_at=now))
        (await self._known())[source] = now

    async def _known(self) -> dict[str, datetime]:
        if self._killed_at is None:
            rows = await self._database.rows(select(unreadable_sources))
            self._killed_at = {row.source: row.killed_at for row in rows}
        return self._killed_at
