"""The names of communities, kept for whoever looks at the data folder while no platform is connected."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core.storage.database import DATABASE_FAILURES
from core.storage.spaces import Spaces
from core.types import SpaceId

log = logging.getLogger(__name__)

FIRST_AFTER_S, EVERY_S = 60.0, 3_600.0


class TitledPlatform(Protocol):
    """A platform that knows what people call a community."""

    def title(self, space: SpaceId) -> str | None:
        """Return the name; ``None`` where the platform does not say."""
        ...


@dataclass(frozen=True, slots=True)
class SpaceTitles:
    """Stores the names that connected platforms know."""

    spaces: Spaces
    platforms: Mapping[str, TitledPlatform]

    async def run(self) -> None:
        """Store them a minute after the start, when the platforms are connected, and every hour; until cancelled."""
        await asyncio.sleep(FIRST_AFTER_S)
        while True:
            try:
                await self.store()
            except DATABASE_FAILURES:
                log.exception("the names of communities were not stored")
            await asyncio.sleep(EVERY_S)

    async def store(self) -> None:
        """Store the names that differ from those stored."""
        for each in await self.spaces.all():
            platform = self.platforms.get(each.platform)
            title = platform.title(each.id) if platform is not None else None
            if title and title != each.title:
                await self.spaces.set_title(each.id, title)
