"""The time as limits count it: a clock that nobody can set back, and the edges of days and months."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_PLAUSIBLE_S = 2 * 86_400.0
"""A moment further ahead than this was counted by a clock that was wrong."""


class ForwardClock:
    """Seconds since 1970 that never go back, though the machine's clock be set back a day.

    A machine that slept finds the machine's clock ahead, and is believed.
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
        """Go on from ``moment_s``, which was counted before a restart, unless it is too far ahead to be true."""
        if moment_s - self.now_s() < _PLAUSIBLE_S:
            self._latest_s = max(self._latest_s, moment_s)


def day_of(now_s: float, zone: ZoneInfo) -> tuple[int, int]:
    """Return when the day of ``zone`` that holds ``now_s`` starts and ends; 23 or 25 hours where clocks change."""
    here = datetime.fromtimestamp(now_s, zone)
    start = here.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    tomorrow = (start.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
    return int(start.timestamp()), int(tomorrow.timestamp())


def month_of(now_s: float) -> tuple[int, int]:
    """Return when the month that holds ``now_s`` starts and ends, in UTC."""
    start = datetime.fromtimestamp(now_s, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (start + timedelta(days=32)).replace(day=1)
    return int(start.timestamp()), int(following.timestamp())
