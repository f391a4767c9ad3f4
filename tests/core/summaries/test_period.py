"""Periods as people type them, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import BadInput
from core.summaries.period import LONGEST, Period, read_period

NOW = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "since"),
    [
        ("hour", NOW - timedelta(hours=1)),
        ("Hora", NOW - timedelta(hours=1)),
        ("today", datetime(2026, 3, 10, tzinfo=UTC)),
        (" hoje ", datetime(2026, 3, 10, tzinfo=UTC)),
        ("3h", NOW - timedelta(hours=3)),
        ("2 d", NOW - timedelta(days=2)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2020-01-01", NOW - LONGEST),
        ("999d", NOW - LONGEST),
    ],
)
def test_a_period_is_read(typed: str, since: datetime) -> None:
    assert read_period(typed, NOW) == Period(since)


@pytest.mark.parametrize("typed", ["", "last", "última", "ULTIMA"])
def test_without_one_it_begins_at_the_last_message(typed: str) -> None:
    assert read_period(typed, NOW).after_own


@pytest.mark.parametrize("typed", ["yesterday-ish", "2026-13-01", "2026-03-11", "0h", "3w", "١d", "-1d", "9" * 5_000])
def test_anything_else_is_told_so(typed: str) -> None:
    with pytest.raises(BadInput, match=r"summary\.no_period"):
        read_period(typed, NOW)
