"""The figures of a community by day: what was asked, how it was answered, how that was rated.

Small talk is not counted, nor is what programs ask (``core.programs``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.offload import offload
from core.ops.stats_image import draw_stats
from core.services.stats import CommunityStats
from core.storage.impressions import Impressions
from core.types import File, Language, SpaceId

N_DAYS = 28
"""Days that ``/stats`` shows."""


@dataclass(frozen=True, slots=True)
class StatsService:
    """The figures of every space. ``now`` returns the aware time."""

    impressions: Impressions
    now: Callable[[], datetime]

    def of(self, space: SpaceId, language: Language) -> SpaceStats:
        """Return the figures of a space; ``language`` is that of their picture."""
        return SpaceStats(self, space, language)

    async def read(self, space: SpaceId, n_days: int) -> CommunityStats:
        """Return the figures of the last ``n_days`` days, today included, those without a question too."""
        today = self.now().astimezone(UTC).date()
        days = [today - timedelta(days=back) for back in range(n_days - 1, -1, -1)]
        return await self.impressions.daily(space, days)


@dataclass(frozen=True, slots=True)
class SpaceStats:
    """The figures of one space (``core.services.StatsPort``)."""

    _service: StatsService
    _space: SpaceId
    _language: Language

    async def read(self) -> CommunityStats:
        """Return the figures of the last ``N_DAYS`` days."""
        return await self._service.read(self._space, N_DAYS)

    async def draw(self, stats: CommunityStats) -> File:
        """Draw the figures as a PNG."""
        return File("aion-stats.png", await offload(draw_stats, stats, self._language))
