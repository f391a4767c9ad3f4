"""Rate limits of writes to a platform: a sliding-window budget for each place, and one for the whole bot.

All writes draw on the same budgets, and cosmetic ones are refused first. A budget is exact: no window of
``WriteLimit.period_s`` seconds, wherever it begins, holds more than ``WriteLimit.n`` writes.
"""

from __future__ import annotations

from bisect import bisect, bisect_left, insort
from collections.abc import Hashable
from dataclasses import dataclass

from bot.delivery.clock import StreamClock, SystemClock
from bot.delivery.errors import NotDelivered

LATE_S = 0.05
"""Seconds a writer may wake after its reserved time; later, it reserves another, so that writes do not bunch."""

MAX_PLACES = 1024
"""Places kept; beyond this, those without recent writes are dropped."""


@dataclass(frozen=True, slots=True)
class WriteLimit:
    """At most ``n`` writes in any ``period_s`` seconds, the last ``n_kept`` of which are reserved for final texts."""

    n: int
    period_s: float
    n_kept: int


class WriteBudget:
    """The writes made or reserved under one limit, by the time each is due, ascending. Times are in seconds."""

    def __init__(self, limit: WriteLimit) -> None:
        self._limit = limit
        self._due_s: list[float] = []

    def earliest_s(self, from_s: float) -> float:
        """Return the first time from ``from_s`` on at which one more write is within the limit."""
        n, period_s = self._limit.n, self._limit.period_s
        at = bisect(self._due_s, from_s)
        for first, last in zip(self._due_s[max(0, at - n) :], self._due_s[max(0, at - n) + n - 1 :], strict=False):
            if first - from_s >= period_s:
                break
            if max(last, from_s) - min(first, from_s) < period_s:
                from_s = first + period_s
        return from_s

    def is_idle(self, now_s: float) -> bool:
        """Return whether all ``n`` writes of the limit are free."""
        return self.free(now_s) == self._limit.n

    def take(self, at_s: float) -> None:
        """Reserve a write at a time that ``earliest_s`` returned."""
        insort(self._due_s, at_s)

    def give_back(self, at_s: float) -> None:
        """Undo the reservation of a write at ``at_s``, if it is still held."""
        at = bisect_left(self._due_s, at_s)
        if self._due_s[at : at + 1] == [at_s]:
            del self._due_s[at]

    def free(self, now_s: float) -> int:
        """Return how many more writes fit at ``now_s``, dropping those that left the window."""
        del self._due_s[: bisect(self._due_s, now_s - self._limit.period_s)]
        return self._limit.n - len(self._due_s)

    def can_admit_cosmetic(self, now_s: float) -> bool:
        """Return whether one more write now leaves ``n_kept`` for final texts."""
        return self.free(now_s) > self._limit.n_kept


@dataclass(slots=True)
class _Place:
    budget: WriteBudget
    last_s: float = 0.0
    banned_until_s: float = 0.0


class RateBudgets:
    """The outbound budgets of one bot: ``overall``, and one for each place, under its own limit."""

    def __init__(self, overall: WriteLimit, clock: StreamClock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._overall = WriteBudget(overall)
        self._places: dict[Hashable, _Place] = {}

    async def admit(self, key: Hashable, limit: WriteLimit) -> None:
        """Wait until one write to a place is within both limits; writers are served in the order they ask.

        Raises ``NotDelivered`` while the place is banned.
        """
        place, now_s = self._place(key, limit), self._clock.now_s()
        self._refuse_banned(place, now_s)
        at_s = place.last_s = self._reserve(place, max(now_s, place.last_s), now_s)
        while at_s > now_s:
            await self._clock.sleep(at_s - now_s)
            now_s = self._clock.now_s()
            self._refuse_banned(place, now_s)
            if now_s - at_s <= LATE_S:
                return
            for budget in (place.budget, self._overall):
                budget.give_back(at_s)
            at_s = self._reserve(place, now_s, now_s)
            place.last_s = max(place.last_s, at_s)

    def _reserve(self, place: _Place, from_s: float, now_s: float) -> float:
        """Reserve the first time from ``from_s`` on that both budgets have free, and return it."""
        budgets = (place.budget, self._overall)
        for budget in budgets:
            budget.free(now_s)
        at_s = from_s
        while (later_s := self._overall.earliest_s(place.budget.earliest_s(at_s))) != at_s:
            at_s = later_s
        for budget in budgets:
            budget.take(at_s)
        return at_s

    def admit_cosmetic(self, key: Hashable, limit: WriteLimit) -> None:
        """Count a cosmetic write now. Raises ``NotDelivered`` where only the writes kept for final texts are free."""
        place, now_s = self._place(key, limit), self._clock.now_s()
        self._refuse_banned(place, now_s)
        if not (place.budget.can_admit_cosmetic(now_s) and self._overall.can_admit_cosmetic(now_s)):
            raise NotDelivered("the budget is kept for final texts")
        place.budget.take(now_s)
        self._overall.take(now_s)

    def ban(self, key: Hashable, limit: WriteLimit, duration_s: float) -> None:
        """Refuse all writes to the place for ``duration_s`` seconds; a shorter ban never ends a longer one."""
        place = self._place(key, limit)
        place.banned_until_s = max(place.banned_until_s, self._clock.now_s() + duration_s)

    def _refuse_banned(self, place: _Place, now_s: float) -> None:
        if place.banned_until_s > now_s:
            raise NotDelivered("the chat is in a flood ban", retry_after_s=place.banned_until_s - now_s)

    def _place(self, key: Hashable, limit: WriteLimit) -> _Place:
        if key not in self._places:
            if len(self._places) >= MAX_PLACES:
                self._forget_idle(self._clock.now_s())
            self._places[key] = _Place(WriteBudget(limit))
        return self._places[key]

    def _forget_idle(self, now_s: float) -> None:
        self._places = {
            key: place
            for key, place in self._places.items()
            if place.banned_until_s > now_s or not place.budget.is_idle(now_s)
        }
