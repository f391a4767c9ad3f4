"""Who hears when something happens to the machines behind AION."""

from __future__ import annotations

import logging
from typing import Protocol

from core.storage.alerts import LastAlerts
from core.texts import say

log = logging.getLogger(__name__)


class Alerts(Protocol):
    """Tells whoever runs AION. ``key`` names a sentence of the catalogue, ``values`` fill its gaps."""

    async def alert(self, key: str, **values: str) -> None:
        """Say it, unless it is what was said last about the same thing (``values["worker"]``)."""
        ...


class LoggedAlerts:
    """Writes alerts to the log, and remembers the last about each thing through a restart."""

    def __init__(self, last: LastAlerts) -> None:
        self._last = last

    async def alert(self, key: str, **values: str) -> None:
        """Log it, once per change."""
        subject = f"worker:{values['worker']}"
        if await self._last.raise_once(subject, key, values):
            log.warning("%s", say("en", key, **values))
