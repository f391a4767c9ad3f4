"""The exact budgets behind both platforms, on a clock that only moves when told."""

from __future__ import annotations

import asyncio
from bisect import insort

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.errors import NotDelivered
from bot.delivery.rate_limit import LATE_S, MAX_PLACES, RateBudgets, WriteBudget, WriteLimit


class HandClock:
    def __init__(self) -> None:
        self.time_s = 1000.0

    def now_s(self) -> float:
        return self.time_s

    async def sleep(self, duration_s: float) -> None:
        self.time_s += duration_s


class StandingClock(HandClock):
    """Remembers when each sleeper would wake, and wakes it at once."""

    def __init__(self) -> None:
        super().__init__()
        self.woken_s: list[float] = []

    async def sleep(self, duration_s: float) -> None:
        self.woken_s.append(self.time_s + duration_s)


class LateClock(HandClock):
    """Keeps everybody asleep until the last one asks, and much too long; after that it is on time."""

    def __init__(self, late_s: float) -> None:
        super().__init__()
        self._late_s = late_s
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._n = 0

    async def sleep(self, duration_s: float) -> None:
        self._n += 1
        woken = asyncio.get_running_loop().create_future()
        insort(self._sleepers, (self.time_s + duration_s, self._n, woken))
        asyncio.get_running_loop().call_later(0.01, self._wake)
        await woken

    def _wake(self) -> None:
        if not self._sleepers:
            return
        self.time_s = max(self.time_s, self._sleepers[0][0] + self._late_s)
        self._late_s = 0.0
        while self._sleepers and self._sleepers[0][0] <= self.time_s:
            self._sleepers.pop(0)[2].set_result(None)


def most_within(times_s: list[float], period_s: float) -> int:
    """Count the fullest stretch of a period, the plain way."""
    return max((sum(start <= t < start + period_s - 1e-9 for t in times_s) for start in times_s), default=0)


CHAT, ALL = WriteLimit(4, 10.0, 2), WriteLimit(6, 1.0, 3)


@given(st.integers(1, 5), st.lists(st.floats(0, 30, allow_nan=False), max_size=40))
def test_a_budget_never_lets_more_through_than_its_limit_in_whatever_order_it_is_asked(n, wanted_s):
    budget = WriteBudget(WriteLimit(n, 5.0, 0))
    taken_s = []
    for wish_s in wanted_s:
        at_s = budget.earliest_s(wish_s)
        assert at_s >= wish_s
        budget.take(at_s)
        taken_s.append(at_s)
    assert most_within(taken_s, 5.0) <= n


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 3, allow_nan=False)), max_size=40))
def test_both_budgets_hold_at_once_and_each_place_keeps_its_order(asked):
    async def write() -> dict[int, list[float]]:
        clock = StandingClock()
        traffic = RateBudgets(ALL, clock)
        written: dict[int, list[float]] = {}
        for place, pause_s in asked:
            clock.time_s += pause_s
            n_before = len(clock.woken_s)
            await traffic.admit(place, CHAT)
            written.setdefault(place, []).append(clock.woken_s[-1] if len(clock.woken_s) > n_before else clock.time_s)
        return written

    written = asyncio.run(write())
    assert most_within([at_s for times_s in written.values() for at_s in times_s], ALL.period_s) <= ALL.n
    for times_s in written.values():
        assert times_s == sorted(times_s)
        assert most_within(times_s, CHAT.period_s) <= CHAT.n


def test_what_came_out_of_order_does_not_hold_up_what_may_go_now():
    budget = WriteBudget(WriteLimit(1, 1.0, 0))
    budget.take(50.0)
    assert budget.earliest_s(10.0) == 10.0
    assert budget.earliest_s(49.5) == 51.0


async def test_a_place_that_has_to_wait_holds_up_no_other():
    clock = StandingClock()
    traffic = RateBudgets(ALL, clock)
    for _ in range(6):
        await traffic.admit("busy", CHAT)
    assert clock.woken_s == [1010.0, 1010.0]
    await traffic.admit("quiet", CHAT)
    assert len(clock.woken_s) == 2


async def test_who_wakes_late_does_not_go_out_in_a_bunch():
    """The machine was busy, and everybody's moment has passed when they wake."""
    clock = LateClock(late_s=3.0)
    traffic = RateBudgets(ALL, clock)
    went_s: list[float] = []

    async def write(place: int) -> None:
        await traffic.admit(place, CHAT)
        went_s.append(clock.now_s())

    async with asyncio.TaskGroup() as group:
        for n in range(30):
            group.create_task(write(n % 10))
    assert len(went_s) == 30
    assert most_within(went_s, ALL.period_s - LATE_S) <= ALL.n


async def test_cosmetic_traffic_leaves_what_is_kept():
    traffic = RateBudgets(ALL, HandClock())
    traffic.admit_cosmetic("a", CHAT)
    traffic.admit_cosmetic("a", CHAT)
    with pytest.raises(NotDelivered):
        traffic.admit_cosmetic("a", CHAT)
    traffic.admit_cosmetic("b", CHAT)
    with pytest.raises(NotDelivered):
        traffic.admit_cosmetic("b", CHAT)  # a third of all is kept too


async def test_a_ban_that_comes_while_waiting_is_obeyed():
    clock = HandClock()
    traffic = RateBudgets(ALL, clock)

    class Banning(HandClock):
        async def sleep(self, duration_s: float) -> None:
            clock.time_s += duration_s
            traffic.ban("a", CHAT, 30)

    for _ in range(4):
        await traffic.admit("a", CHAT)
    clock.sleep = Banning().sleep  # type: ignore[method-assign]
    with pytest.raises(NotDelivered) as refused:
        await traffic.admit("a", CHAT)
    assert refused.value.retry_after_s == 30


async def test_idle_places_are_forgotten_and_banned_ones_are_not():
    clock = HandClock()
    traffic = RateBudgets(WriteLimit(10, 1.0, 0), clock)
    traffic.ban("banned", CHAT, 1e9)
    for place in range(3 * MAX_PLACES):
        traffic.admit_cosmetic(place, CHAT)
        await clock.sleep(1)
    assert len(traffic._places) <= MAX_PLACES
    with pytest.raises(NotDelivered):
        await traffic.admit("banned", CHAT)
