"""Edges of days and months, as a table of dates; and a clock that only goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generation.providers.clock import ForwardClock, day_of, month_of

PACIFIC, WORLD = ZoneInfo("America/Los_Angeles"), ZoneInfo("UTC")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("now", "zone", "start", "end"),
    [
        ("2026-11-18T12:00", WORLD, "2026-11-18T00:00", "2026-11-19T00:00"),
        ("2026-11-18T00:00", WORLD, "2026-11-18T00:00", "2026-11-19T00:00"),
        ("2026-12-31T23:59:59", WORLD, "2026-12-31T00:00", "2027-01-01T00:00"),
        ("2026-11-18T07:59", PACIFIC, "2026-11-17T08:00", "2026-11-18T08:00"),
        ("2026-11-18T08:00", PACIFIC, "2026-11-18T08:00", "2026-11-19T08:00"),
        ("2026-11-01T12:00", PACIFIC, "2026-11-01T07:00", "2026-11-02T08:00"),  # 25 hours
        ("2026-03-08T12:00", PACIFIC, "2026-03-08T08:00", "2026-03-09T07:00"),  # 23 hours
    ],
)
def test_a_day_starts_at_the_providers_midnight(now: str, zone: ZoneInfo, start: str, end: str) -> None:
    assert day_of(at(now), zone) == (at(start), at(end))


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2026-11-18T12:00", "2026-11-01T00:00", "2026-12-01T00:00"),
        ("2026-12-31T23:59:59", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("2028-02-29T00:00", "2028-02-01T00:00", "2028-03-01T00:00"),
    ],
)
def test_a_month_starts_on_its_first(now: str, start: str, end: str) -> None:
    assert month_of(at(now)) == (at(start), at(end))


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(-2e5, 2e5)), max_size=30))
def test_time_never_goes_back_and_never_stands_still(steps: list[tuple[float, float]]) -> None:
    wall_s, ticks_s = 1e9, 0.0
    clock = ForwardClock(lambda: wall_s, lambda: ticks_s)
    for passed_s, set_by_s in steps:
        before_s = clock.now_s()
        ticks_s += passed_s
        wall_s += passed_s + set_by_s
        assert clock.now_s() >= before_s + passed_s - 1e-3


def test_a_restart_goes_on_from_what_was_counted_unless_that_cannot_be_true() -> None:
    clock = ForwardClock(lambda: 1e9, lambda: 0.0)
    clock.not_before(1e9 + 86_400)
    assert clock.now_s() == 1e9 + 86_400
    clock.not_before(2e9)
    assert clock.now_s() == 1e9 + 86_400
