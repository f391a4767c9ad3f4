"""Whether the models of a process are loaded."""

from __future__ import annotations

import asyncio
import logging

from core.assembly.aion import Aion

log = logging.getLogger(__name__)

RETRY_S = 15.0
"""Seconds until models are loaded again that the disk or the network refused."""


class Warmth:
    """Loads the models once, in the background."""

    def __init__(self, aion: Aion) -> None:
        self._aion = aion
        self._is_warm = False

    def is_warm(self) -> bool:
        """Return whether they are loaded."""
        return self._is_warm

    async def run(self) -> None:
        """Load them, again and again where the disk is full or the network away. Raises ``Unavailable``."""
        while not self._is_warm:
            try:
                await self._aion.warm()
                self._is_warm = True
            except OSError as error:
                log.error("the models are not loaded, which is tried again in %.0f s: %s", RETRY_S, error)
                await asyncio.sleep(RETRY_S)
