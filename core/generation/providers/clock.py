"""Time for quota accounting: a non-decreasing clock, and the bounds of days and months."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_PLAUSIBLE_S = 2 * 86_400.0
"""A stored time further ahead than this came from a wrong clock, and is ignored."""


class ForwardClock:
    """Seconds since 1970 that never decrease, even when the wall clock is set back.

    The later of the wall clock and the monotonic clock counts: after a suspend that is the wall clock.
    """

    def __init__(self, wall_s: Callable[[], float] = time.time, ticks_s: Callable[[], float] = time.monotonic) -> None:
        self._wall_s = wall_s
        self._ticks_s = ticks_s
        self._latest_s = wall_s()
        self._tick_s = ticks_s()

    def now_s(self) -> float:
        """Return the time, in seconds since 1970."""
        tick_s = self._ticks_s()
        self._latest_s = max(self._wall_s(), self._latest_s + tick_s - self._tick_s)
        self._tick_s = tick_s
        return self._latest_s

    def not_before(self, moment_s: float) -> None:
        """Continue from ``moment_s``, stored before a restart, unless it is ``_PLAUSIBLE_S`` or more ahead."""
        if moment_s - self.now_s() < _PLAUSIBLE_S:
            self._latest_s = max(self._latest_s, moment_s)


def day_of(now_s: float, zone: ZoneInfo) -> tuple[int, int]:
    """Return start and end of the day of ``zone`` with ``now_s``; 23 or 25 hours where clocks change."""
    here = datetime.fromtimestamp(now_s, zone)
    start = here.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    tomorrow = (start.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
    return int(start.timestamp()), int(tomorrow.timestamp())


def month_of(now_s: float) -> tuple[int, int]:
    """Return start and end of the month with ``now_s``, in UTC."""
    start = datetime.fromtimestamp(now_s, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (start + timedelta(days=32)).replace(day=1)
    return int(start.timestamp()), int(following.timestamp())
