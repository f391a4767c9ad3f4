"""Cooldowns after failures: how long, and of what: a model under a key, the key, or the whole provider.

A spent day or month lasts until it ends, a quota of 0 forever; every other cooldown is a guess of at most a day. Only
an explicit quota error is treated as one, slowness and faults never.
"""

from __future__ import annotations

import math

from core.generation.providers.clock import day_of, month_of
from core.generation.providers.errors import OF_REQUEST, FailureKind, ProviderFailed
from core.generation.providers.quota_errors import SpentQuota
from core.generation.providers.route import Route
from core.storage.quotas import AccountCooldown, QuotaAccount

DAY_S = 86_400.0
MINUTE_S = 90.0
"""Cooldown of a spent minute without a stated wait; it is never escalated to a spent day."""

_FAULT_S = 60.0
"""First cooldown after a fault, longer than an answer may take, so that no answer waits for a guess."""

_MAX_FAULT_S = 900.0
_MIN_IN_A_ROW = 3
"""Consecutive empty, refused or interrupted replies from which a model is cooled down."""

_AT_ONCE = frozenset({FailureKind.SERVER, FailureKind.NETWORK, FailureKind.MALFORMED})
"""Faults of the provider itself: their cooldowns grow. Any other may lie in what one person asks, and costs the rest a
minute at most."""


def cooldown_for(
    route: Route, failure: ProviderFailed, n_in_a_row: int, now_s: float, has_begun: bool
) -> AccountCooldown | None:
    """Return the cooldown after the ``n_in_a_row``-th consecutive failure; ``None`` for none.

    ``has_begun``: the reply broke off after its first piece.
    """
    until_s = _until_s(route, failure, n_in_a_row, now_s, has_begun)
    return None if until_s is None else AccountCooldown(_account(route, failure), until_s, str(failure))


def _until_s(route: Route, failure: ProviderFailed, n_in_a_row: int, now_s: float, has_begun: bool) -> float | None:
    match failure.kind:
        case FailureKind.QUOTA:
            return _quota_until_s(route, failure, now_s)
        case FailureKind.AUTH | FailureKind.GONE:
            return now_s + DAY_S
        case kind if kind in OF_REQUEST:
            return None
    min_in_a_row = 1 if failure.kind in _AT_ONCE and not has_begun else _MIN_IN_A_ROW
    if n_in_a_row < min_in_a_row:
        return None
    n_doublings = min(n_in_a_row - min_in_a_row, 10) if failure.kind in _AT_ONCE else 0
    guess_s = min(_MAX_FAULT_S, _FAULT_S * 2.0**n_doublings)
    return now_s + max(guess_s, failure.retry_after_s or 0.0)


def _quota_until_s(route: Route, failure: ProviderFailed, now_s: float) -> float:
    stated_s = failure.retry_after_s
    match failure.spent:
        case SpentQuota.NEVER:
            return math.inf
        case SpentQuota.MONTH:
            return month_of(now_s)[1] if route.provider.limits.usd_per_month is not None else now_s + DAY_S
        case SpentQuota.DAY if stated_s is None:
            return day_of(now_s, route.zone)[1]
    return now_s + (MINUTE_S if stated_s is None else max(stated_s, 1.0))


def _account(route: Route, failure: ProviderFailed) -> QuotaAccount:
    """Return what is cooled down: the model under its key, every model under the key, or the provider."""
    shared = route.provider.limits
    if failure.kind is FailureKind.AUTH or (failure.spent is SpentQuota.MONTH and shared.usd_per_month is not None):
        return route.of_key
    if failure.kind is FailureKind.NETWORK:
        return route.of_provider
    is_pooled = shared.requests_per_minute is not None or shared.requests_per_day is not None
    if (
        failure.kind is FailureKind.QUOTA
        and is_pooled
        and failure.spent not in (SpentQuota.UPSTREAM, SpentQuota.NEVER, SpentQuota.MONTH)
    ):
        return route.of_provider
    return route.account
