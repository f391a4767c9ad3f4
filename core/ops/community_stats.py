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
from core.types import File, Language, Scope

N_DAYS = 28
"""Days that ``/stats`` shows."""


@dataclass(frozen=True, slots=True)
class StatsService:
    """The figures of every space. ``now`` returns the aware time."""

    impressions: Impressions
    now: Callable[[], datetime]

    def of(self, scope: Scope, language: Language) -> SpaceStats:
        """Return the figures of a scope; ``language`` is that of their picture."""
        return SpaceStats(self, scope, language)

    async def read(self, scope: Scope, n_days: int) -> CommunityStats:
        """Return the figures of the last ``n_days`` days, today included, those without a question too."""
        today = self.now().astimezone(UTC).date()
        days = [today - timedelta(days=back) for back in range(n_days - 1, -1, -1)]
        return await self.impressions.daily(scope, days)


@dataclass(frozen=True, slots=True)
class SpaceStats:
    """The figures of one scope (``core.services.StatsPort``)."""

    _service: StatsService
    _scope: Scope
    _language: Language

    async def read(self) -> CommunityStats:
        """Return the figures of the last ``N_DAYS`` days."""
        return await self._service.read(self._scope, N_DAYS)

    async def draw(self, stats: CommunityStats) -> File:
        """Draw the figures as a PNG."""
        return File("aion-stats.png", await offload(draw_stats, stats, self._language))
