"""Whether the database can be written, for routes that everybody who reaches them may ask."""

from __future__ import annotations

import asyncio
import logging
import time

from core.assembly.aion import Aion
from core.storage.database import DATABASE_FAILURES

log = logging.getLogger(__name__)

DATABASE_WITHIN_S = 4.0
"""Seconds a write may take: less than the usual timeout of a health check."""

FRESH_S = 1.0
"""Seconds for which one look counts, however often it is asked for."""


class DatabaseCheck:
    """Looks whether the database can be written, every ``FRESH_S`` at most."""

    def __init__(self, aion: Aion) -> None:
        self._aion = aion
        self._looking = asyncio.Lock()
        self._looked_at_s = float("-inf")
        self._backlog: int | None = None

    async def backlog(self) -> int | None:
        """Return the number of messages not yet answered, ``None`` when the database cannot be written in time."""
        async with self._looking:
            if time.monotonic() - self._looked_at_s >= FRESH_S:
                self._backlog = await self._look()
                self._looked_at_s = time.monotonic()
            return self._backlog

    async def _look(self) -> int | None:
        try:
            async with asyncio.timeout(DATABASE_WITHIN_S):
                await self._aion.require_writable()
                return await self._aion.count_backlog()
        except (TimeoutError, *DATABASE_FAILURES) as error:
            log.error("the database cannot be written: %s", error or "no answer in time")
            return None
