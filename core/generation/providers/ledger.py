"""The ledger: what was asked of each provider, held against its limits before anything more is asked.

What is about to be asked counts as if it had been (a lease: the prompt and the longest reply), so that requests in
flight cannot pass a limit together; the real usage settles it. Every count is written down within moments, beside
the request, and what other processes wrote is read with it. Does not cover whom to prefer (``router``).
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
"""How old what is known of other processes may be when a question is planned."""

_GATHER_S = 0.1
"""How long counts are gathered before they are written, so that a burst is one write."""

_NEAR_CALLS = 16
"""With fewer calls left than this, other processes are asked before each."""

_WINDOW_S = MINUTE_S + 1
"""A minute is counted by whole seconds, so one more is held to be sure of a full minute."""


@dataclass(frozen=True, slots=True)
class LimitUsage:
    """How far a rule is used: ``n_used`` of its limit (as the provider states it), until ``resets_s``."""

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
    """When a route may be asked for so much (past: now, ``inf``: never), and how full its days and months would be.

    ``calls_left`` is what is left of its days and months in calls of this size, each with when it is given back.
    """

    ready_s: float
    share: float
    calls_left: tuple[tuple[float, float], ...]


@dataclass(slots=True)
class Lease:
    """What a request in flight holds: ``cost`` at the moment it began, to be settled once."""

    route: Route
    cost: UsageCounts
    slots: tuple[Slot, ...]
    is_settled: bool = False


class Ledger:
    """Counts, leases and cooldowns. Without ``quotas`` it lives in memory alone."""

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
        """Read what other processes counted, where that is not known from a moment ago."""
        if self._quotas and self.clock.now_s() - self._synced_s > _FRESH_S:
            await self.save()

    async def save(self) -> bool:
        """Write down what is not written yet, and read what others wrote; tell whether that could be done.

        What could not be written is tried again with the next.
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
        """Write down the last counts."""
        if self._flush:
            await self._flush
        await self.save()

    def state_of(self, route: Route, cost: UsageCounts) -> RouteState:
        """Return whether ``cost`` more may be asked of a route, or when."""
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
        """Yield how far each limit of a route is used."""
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
        """Return why a route is not asked now, the longest reason first."""
        now_s = self.clock.now_s()
        found = (self._cooldowns.get(account) for account in route.accounts)
        current = [cooldown for cooldown in found if cooldown and cooldown.until_s > now_s]
        return sorted(current, key=lambda cooldown: -cooldown.until_s)

    def lease(self, route: Route, cost: UsageCounts) -> Lease:
        """Count a request that is about to be made."""
        now_s = self.clock.now_s()
        slots = []
        for account in dict.fromkeys((route.account, *(rule.account for rule in route.rules))):
            slots.append(Slot(account, "minute", int(now_s)))
            slots += [Slot(account, period, self._bounds(period, route, now_s)[0]) for period in ("day", "month")]
        lease = Lease(route, cost, tuple(slots))
        self._count(lease.slots, cost)
        return lease

    async def confirm(self, lease: Lease, soft_share: float) -> bool:
        """Tell whether a lease stands beside what other processes counted; near a limit that is asked, not assumed.

        One that does not stand is given back.
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
        """Put what was really used in place of what was leased. Settling twice changes nothing."""
        if not lease.is_settled:
            lease.is_settled = True
            self._count(lease.slots, used - lease.cost)

    def observe(self, route: Route, period: Period, kind: Amount, limit: int, n_left: int) -> None:
        """Believe the provider: its own limit of a model, and how much of it is left, where that is less than ours."""
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
        """Do not ask an account until then; never shortens an earlier cooldown."""
        current = self._cooldowns.get(cooldown.account)
        if current is None or current.until_s < cooldown.until_s:
            self._cooldowns[cooldown.account] = self._unsaved_cooldowns[cooldown.account] = cooldown
            self._save_soon()

    async def clear_cooldowns(self, provider: str) -> int:
        """Forget why a provider is not asked; return how many reasons there were."""
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
        """Make what is stored, and what is not stored yet, the whole truth."""
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
        """Return when ``more`` fits: as the seconds of the last minute fall out of it, or when the period ends."""
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
    """Tell whether what another process did in the last seconds could make the difference."""
    return use.n_used > soft_share * use.limit or use.n_left < _NEAR_CALLS * getattr(cost, use.rule.kind)


def _sum(first: dict[Slot, UsageCounts], second: dict[Slot, UsageCounts]) -> dict[Slot, UsageCounts]:
    return {**first, **{slot: first.get(slot, UsageCounts()) + counts for slot, counts in second.items()}}
