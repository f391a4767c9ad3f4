"""The quota ledger: usage of each provider, checked against its limits before every request.

A request in flight holds a lease of its prompt and longest reply, so that concurrent requests cannot exceed a limit
together; real usage settles it. Counts are stored asynchronously within ``_GATHER_S``, and other processes' are read
with them. Does not cover the choice of route (``core.generation.providers.router``).
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from core.generation.providers.clock import ForwardClock, day_of, month_of
from core.generation.providers.route import Amount, Route, Rule
from core.storage.quotas import MINUTE_S, AccountCooldown, Period, QuotaAccount, Quotas, Slot, StoredUsage, UsageCounts

log = logging.getLogger(__name__)

_FRESH_S = 5.0
"""Most age of other processes' counts when a route is chosen."""

_GATHER_S = 0.1
"""How long counts are collected before they are stored, so that a burst is one write."""

_NEAR_CALLS = 16
"""With fewer calls left than this, other processes' counts are read before each."""

_WINDOW_S = MINUTE_S + 1
"""Counts are by whole seconds, so one more second covers a full minute."""


@dataclass(frozen=True, slots=True)
class LimitUsage:
    """Usage of one rule: ``n_used`` of its limit (the provider's own, where stated), until ``resets_s``."""

    rule: Rule
    limit: int
    n_used: int
    resets_s: float

    @property
    def n_left(self) -> int:
        """Return how much is left."""
        return max(0, self.limit - self.n_used)


@dataclass(frozen=True, slots=True)
class RouteState:
    """When a route may take a request of some cost (past: now, ``inf``: never), and its largest share of use after it.

    ``share`` is over day and month limits; ``calls_left`` has, for each of those, the calls of this cost that are left
    and when it resets.
    """

    ready_s: float
    share: float
    calls_left: tuple[tuple[float, float], ...]


@dataclass(slots=True)
class Lease:
    """The reserved ``cost`` of a request in flight, to be settled once."""

    route: Route
    cost: UsageCounts
    slots: tuple[Slot, ...]
    is_settled: bool = False


class Ledger:
    """Counts, leases and cooldowns, stored in ``quotas``; without it, in memory alone."""

    def __init__(self, quotas: Quotas | None = None, clock: ForwardClock | None = None) -> None:
        self.clock = clock or ForwardClock()
        self._quotas = quotas
        self._totals: dict[Slot, UsageCounts] = {}
        self._seconds: defaultdict[QuotaAccount, dict[int, UsageCounts]] = defaultdict(dict)
        self._cooldowns: dict[QuotaAccount, AccountCooldown] = {}
        self._stated: dict[tuple[QuotaAccount, Period, Amount], int] = {}
        self._unsaved: dict[Slot, UsageCounts] = {}
        self._unsaved_cooldowns: dict[QuotaAccount, AccountCooldown] = {}
        self._synced_s = -math.inf
        self._known_bounds: dict[tuple[Period, str], tuple[int, int]] = {}
        self._saving = asyncio.Lock()
        self._flush: asyncio.Task[None] | None = None

    async def refresh(self) -> None:
        """Read other processes' counts, if the last ones are older than ``_FRESH_S``."""
        if self._quotas and self.clock.now_s() - self._synced_s > _FRESH_S:
            await self.save()

    async def save(self) -> bool:
        """Store unsaved counts and read other processes'; return whether that succeeded.

        What could not be stored stays unsaved, for the next call.
        """
        if self._quotas is None:
            return True
        async with self._saving:
            counts, self._unsaved = self._unsaved, {}
            cooldowns, self._unsaved_cooldowns = self._unsaved_cooldowns, {}
            try:
                if counts or cooldowns:
                    saved = await self._quotas.sync(counts, list(cooldowns.values()))
                else:
                    saved = await self._quotas.load()
            except SQLAlchemyError as error:
                log.warning("quotas were not saved: %s", error)
                saved = None
            if saved is None:
                self._unsaved = _sum(counts, self._unsaved)
                self._unsaved_cooldowns = {**cooldowns, **self._unsaved_cooldowns}
            else:
                self._take(saved)
            return saved is not None

    async def close(self) -> None:
        """Store the last counts."""
        if self._flush:
            await self._flush
        await self.save()

    def state_of(self, route: Route, cost: UsageCounts) -> RouteState:
        """Return the state of a route for a request of ``cost``."""
        now_s = self.clock.now_s()
        ready_s, share = 0.0, 0.0
        left: list[tuple[float, float]] = []
        for account in route.accounts:
            if cooldown := self._cooldowns.get(account):
                ready_s = max(ready_s, cooldown.until_s)
        for use in self.uses(route):
            more = getattr(cost, use.rule.kind)
            if more > use.limit:
                ready_s = math.inf
            elif use.n_used + more > use.limit:
                ready_s = max(ready_s, self._frees_s(use, more, now_s))
            if use.rule.period != "minute":
                share = max(share, (use.n_used + more) / use.limit if use.limit else math.inf)
                left.append((use.n_left / max(more, 1), use.resets_s))
        return RouteState(ready_s, share, tuple(left))

    def uses(self, route: Route) -> Iterator[LimitUsage]:
        """Yield the usage of each rule of a route."""
        now_s = self.clock.now_s()
        for rule in route.rules:
            limit = self._stated.get((rule.account, rule.period, rule.kind), rule.limit)
            if rule.period == "minute":
                seconds = self._last_minute(rule.account, now_s)
                n_used = sum(getattr(counts, rule.kind) for counts in seconds.values())
                yield LimitUsage(rule, limit, n_used, now_s + _WINDOW_S)
            else:
                start_s, end_s = self._bounds(rule.period, route, now_s)
                counts = self._totals.get(Slot(rule.account, rule.period, start_s), UsageCounts())
                yield LimitUsage(rule, limit, getattr(counts, rule.kind), end_s)

    def cooldowns(self, route: Route) -> list[AccountCooldown]:
        """Return the current cooldowns of a route, longest first."""
        now_s = self.clock.now_s()
        found = (self._cooldowns.get(account) for account in route.accounts)
        current = [cooldown for cooldown in found if cooldown and cooldown.until_s > now_s]
        return sorted(current, key=lambda cooldown: -cooldown.until_s)

    def lease(self, route: Route, cost: UsageCounts) -> Lease:
        """Reserve the cost of a request that is about to be made."""
        now_s = self.clock.now_s()
        slots = []
        for account in dict.fromkeys((route.account, *(rule.account for rule in route.rules))):
            slots.append(Slot(account, "minute", int(now_s)))
            slots += [Slot(account, period, self._bounds(period, route, now_s)[0]) for period in ("day", "month")]
        lease = Lease(route, cost, tuple(slots))
        self._count(lease.slots, cost)
        return lease

    async def confirm(self, lease: Lease, soft_share: float) -> bool:
        """Return whether a lease is within the limits with other processes' counts, read first when near a limit.

        One that is not is settled with no usage.
        """
        if self._quotas is None:
            return True
        uses = [use for use in self.uses(lease.route) if use.rule.period != "minute"]
        if lease.route.provider.paid or any(_is_near(use, lease.cost, soft_share) for use in uses):
            await self.save()
            if any(use.n_used > use.limit for use in self.uses(lease.route)):
                self.settle(lease, UsageCounts())
                return False
        return True

    def settle(self, lease: Lease, used: UsageCounts) -> None:
        """Replace a lease with the real usage; idempotent."""
        if not lease.is_settled:
            lease.is_settled = True
            self._count(lease.slots, used - lease.cost)

    def observe(self, route: Route, period: Period, kind: Amount, limit: int, n_left: int) -> None:
        """Adopt a model's limit as its provider states it, and what is left of it where that is less than counted."""
        self._stated[route.account, period, kind] = limit
        now_s = self.clock.now_s()
        slot = Slot(route.account, period, int(now_s) if period == "minute" else self._bounds(period, route, now_s)[0])
        if period == "minute":
            n_used = sum(getattr(counts, kind) for counts in self._last_minute(route.account, now_s).values())
        else:
            n_used = getattr(self._totals.get(slot, UsageCounts()), kind)
        if limit - n_left > n_used:
            more = limit - n_left - n_used
            self._count((slot,), UsageCounts(n_requests=more) if kind == "n_requests" else UsageCounts(n_tokens=more))

    def cool_down(self, cooldown: AccountCooldown) -> None:
        """Start the cooldown of an account; never shortens an earlier one."""
        current = self._cooldowns.get(cooldown.account)
        if current is None or current.until_s < cooldown.until_s:
            self._cooldowns[cooldown.account] = self._unsaved_cooldowns[cooldown.account] = cooldown
            self._save_soon()

    async def clear_cooldowns(self, provider: str) -> int:
        """End the cooldowns of a provider; return how many there were."""
        await self.save()
        n_reasons = sum(account.provider == provider for account in self._cooldowns)
        for account in [account for account in self._cooldowns if account.provider == provider]:
            del self._cooldowns[account]
        return max(n_reasons, await self._quotas.clear_cooldowns(provider) if self._quotas else 0)

    def _count(self, slots: tuple[Slot, ...], counts: UsageCounts) -> None:
        if counts == UsageCounts():
            return
        for slot in slots:
            self._totals[slot] = self._totals.get(slot, UsageCounts()) + counts
            self._unsaved[slot] = self._unsaved.get(slot, UsageCounts()) + counts
            if slot.period == "minute":
                seconds = self._seconds[slot.account]
                seconds[slot.start_s] = self._totals[slot]
        self._save_soon()

    def _save_soon(self) -> None:
        if self._quotas and (self._flush is None or self._flush.done()):
            self._flush = asyncio.create_task(self._save_until_done(), name="save quotas")

    async def _save_until_done(self) -> None:
        while self._unsaved or self._unsaved_cooldowns:
            await asyncio.sleep(_GATHER_S)
            if not await self.save():
                return

    def _take(self, saved: StoredUsage) -> None:
        """Replace the counts by the stored ones plus the unsaved."""
        self.clock.not_before(saved.latest_s)
        self._totals = _sum(dict(saved.counts), self._unsaved)
        self._cooldowns = {**saved.cooldowns, **self._unsaved_cooldowns}
        self._seconds.clear()
        for slot, counts in self._totals.items():
            if slot.period == "minute":
                self._seconds[slot.account][slot.start_s] = counts
        self._synced_s = self.clock.now_s()

    def _last_minute(self, account: QuotaAccount, now_s: float) -> dict[int, UsageCounts]:
        seconds = self._seconds[account]
        for second in [second for second in seconds if second <= now_s - _WINDOW_S]:
            del seconds[second]
            self._totals.pop(Slot(account, "minute", second), None)
        return seconds

    def _frees_s(self, use: LimitUsage, more: int, now_s: float) -> float:
        """Return when ``more`` fits: as seconds leave the sliding minute, or when the day or month ends."""
        if use.rule.period != "minute":
            return use.resets_s
        n_used = use.n_used
        for second, counts in sorted(self._last_minute(use.rule.account, now_s).items()):
            n_used -= getattr(counts, use.rule.kind)
            if n_used + more <= use.limit:
                return second + _WINDOW_S
        return now_s + _WINDOW_S

    def _bounds(self, period: Period, route: Route, now_s: float) -> tuple[int, int]:
        start_s, end_s = self._known_bounds.get((period, route.provider.day_zone), (0, 0))
        if not start_s <= now_s < end_s:
            start_s, end_s = day_of(now_s, route.zone) if period == "day" else month_of(now_s)
            self._known_bounds[period, route.provider.day_zone] = start_s, end_s
        return start_s, end_s


def _is_near(use: LimitUsage, cost: UsageCounts, soft_share: float) -> bool:
    """Return whether another process's recent usage could exceed the limit."""
    return use.n_used > soft_share * use.limit or use.n_left < _NEAR_CALLS * getattr(cost, use.rule.kind)


def _sum(first: dict[Slot, UsageCounts], second: dict[Slot, UsageCounts]) -> dict[Slot, UsageCounts]:
    return {**first, **{slot: first.get(slot, UsageCounts()) + counts for slot, counts in second.items()}}
