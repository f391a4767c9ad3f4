"""The inbox: which messages have been accepted, so that a redelivery is recognised even after a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError

from core.storage.database import Database
from core.storage.schema import inbox
from core.types import SpaceId

KEEP = timedelta(days=30)
"""Longer than any platform redelivers."""


class Inbox:
    """Claims messages, each once for ever (as far as ``KEEP`` goes)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, space: SpaceId, key: str) -> bool:
        """Return whether this is the first time that the message ``key`` of ``space`` is seen."""
        try:
            async with self._database.write() as connection:
                await connection.execute(insert(inbox).values(space_id=space, key=key, seen_at=datetime.now(UTC)))
        except IntegrityError:
            return False
        return True

    async def prune(self, now: datetime) -> int:
        """Forget messages seen longer than ``KEEP`` before ``now``, and return how many."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(inbox).where(inbox.c.seen_at < now - KEEP))
        return done.rowcount
