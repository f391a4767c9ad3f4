"""Online quality of the answers in a space, from ratings and clicks: over a rolling window, and day by day.

The figures of the window that ends with each day are stored, so that a trend outlives the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta

from core.evaluation.online import AnswerQuality, quality
from core.storage.impressions import Impressions
from core.storage.quality_days import QualityDays
from core.types import SpaceId

WINDOW = timedelta(days=30)
"""Length of the rolling window; a community presses few buttons a day."""


@dataclass(frozen=True, slots=True)
class QualityLog:
    """The figures of every space. ``now`` returns the aware time."""

    impressions: Impressions
    figures: QualityDays
    now: Callable[[], datetime]

    async def snapshot(self, space: SpaceId) -> AnswerQuality:
        """Return the figures of the window that ends now: what metrics export."""
        now = self.now()
        return quality(await self.impressions.shown(space, now - WINDOW, now))

    async def keep_yesterday(self) -> str:
        """Keep, for every space, the figures of the window that ended with yesterday (UTC); return a line on it."""
        midnight = datetime.combine(self.now().astimezone(UTC), time(), UTC)
        spaces = await self.impressions.spaces()
        for space in spaces:
            shown = await self.impressions.shown(space, midnight - WINDOW, midnight)
            await self.figures.save(space, midnight.date() - timedelta(days=1), asdict(quality(shown)))
        return f"{len(spaces)} spaces' quality is kept"

    async def days(self, space: SpaceId) -> Mapping[date, Mapping[str, float | None]]:
        """Return what was kept of the days of the last window, oldest first."""
        return await self.figures.since(space, (self.now() - WINDOW).date())
