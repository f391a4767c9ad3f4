"""Times as exports write them: ISO 8601, seconds since 1970, Discord's ids, and dates in the order of some country."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DISCORD_EPOCH_MS = 1_420_070_400_000

DateOrder = Literal["dmy", "mdy", "ymd"]


def from_seconds(value: object) -> datetime | None:
    """Return the time of seconds since 1970, given as text or a number; ``None`` for none of this era."""
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return EPOCH + timedelta(seconds=seconds) if 0 <= seconds < 4e9 else None


def from_snowflake(value: str) -> datetime | None:
    """Return when a Discord id was made: milliseconds since 2015 in its upper 42 bits."""
    if not value.isascii() or not value.isdigit() or not 15 <= len(value) <= 20:
        return None
    return EPOCH + timedelta(milliseconds=(int(value) >> 22) + _DISCORD_EPOCH_MS)


def from_iso(value: object) -> datetime | None:
    """Return the time of an ISO 8601 text, in UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class LocalMoments:
    """Reads dates and times written in digits, in one order of day, month and year."""

    order: DateOrder

    def read(self, text: str) -> datetime | None:
        """Return the time that a text begins with, taken for UTC; ``None`` where it is none."""
        if not (match := _LOCAL.match(text)):
            return None
        a, b, c = (int(match[n]) for n in (1, 2, 3))
        day, month, year = {"dmy": (a, b, c), "mdy": (b, a, c), "ymd": (c, b, a)}[self.order]
        hour, half = int(match["hour"]), (match["half"] or "").lower().replace(".", "").strip()
        hour = hour % 12 + 12 * (half[0] == "p") if half else hour
        try:
            moment = datetime(year + 2000 * (year < 100), month, day, hour, int(match["minute"]), tzinfo=UTC)
            return moment.replace(second=int(match["second"] or 0))
        except ValueError:
            return None


_LOCAL = re.compile(
    r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4}),?\s+(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}))?"
    r"(?:\s?(?P<half>[ap]\.?\s?m\.?))?",
    re.IGNORECASE,
)


def local_moments(samples: Iterable[str]) -> LocalMoments:
    """Return the reader of the order in which ``samples`` are dates.

    A number above 12 decides; without one, the order in which the times do not go back, and lie closest together; day
    before month in doubt.
    """
    found = [tuple(int(match[n]) for n in (1, 2, 3)) for text in samples if (match := _LOCAL.match(text))]
    if any(first > 31 for first, _, _ in found):
        return LocalMoments("ymd")
    if any(second > 12 for _, second, _ in found):
        return LocalMoments("mdy")
    if any(first > 12 for first, _, _ in found):
        return LocalMoments("dmy")
    texts = list(samples)
    return min((LocalMoments("dmy"), LocalMoments("mdy")), key=lambda moments: _disorder(moments, texts))


def _disorder(moments: LocalMoments, texts: Iterable[str]) -> tuple[int, timedelta]:
    """Return how often times go back, and how far apart the first and the last are."""
    times = [moment for text in texts if (moment := moments.read(text))]
    if not times:
        return 0, timedelta(0)
    return sum(after < before for before, after in pairwise(times)), max(times) - min(times)
