"""The moment since when a channel is summed up, as people type it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.errors import BadInput

LONGEST = timedelta(days=30)

DAY = timedelta(days=1)

_HOUR, _TODAY = ("hour", "hora"), ("today", "hoje")
_LAST = ("", "last", "última", "ultima")
_SPAN = re.compile(r"([0-9]{1,3}) ?([hd])")
_UNITS: Mapping[str, timedelta] = {"h": timedelta(hours=1), "d": DAY}


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` on; ``after_own``: from the reader's own last message in it on, or a day where there is none."""

    since: datetime
    after_own: bool = False


def read_period(typed: str, now: datetime) -> Period:
    """Return the period that was typed, of at most ``LONGEST``. Raises ``BadInput`` on anything else, and the future.

    Days begin at midnight in UTC: nobody's time zone is known.
    """
    word = " ".join(typed.lower().split())
    if word in _LAST:
        return Period(now - LONGEST, after_own=True)
    if word in _HOUR:
        return Period(now - timedelta(hours=1))
    since = _midnight(now) if word in _TODAY else _before(word, now) or _date(word)
    if since is None or since >= now:
        raise BadInput("summary.no_period", given=typed[:50])
    return Period(max(since, now - LONGEST))


def _before(word: str, now: datetime) -> datetime | None:
    match = _SPAN.fullmatch(word)
    return now - int(match[1]) * _UNITS[match[2]] if match else None


def _date(word: str) -> datetime | None:
    try:
        return datetime.strptime(word, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
