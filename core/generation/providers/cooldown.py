"""How long whoever failed is left alone, and how much of the provider with it.

What a provider states about its day or month is believed; everything else is a guess and stays under a day. Only a
provider's own word on its quota is taken for one: slowness and faults never are.
"""

from __future__ import annotations

import math

from core.generation.providers.clock import day_of, month_of
from core.generation.providers.errors import FailureKind, ProviderFailed
from core.generation.providers.quota_errors import SpentQuota
from core.generation.providers.route import Route
from core.storage.quotas import AccountCooldown, QuotaAccount

DAY_S = 86_400.0
MINUTE_S = 90.0
"""A spent minute without a stated wait; it is never taken for a spent day, however often it happens."""

_FAULT_S = 60.0
"""Longer than an answer may take, so that nobody waits for a guess."""

_MAX_FAULT_S = 900.0
_PATIENCE = 3
"""A reply that is empty, refused or breaks off is held against a model from the third in a row."""

_AT_ONCE = frozenset({FailureKind.SERVER, FailureKind.NETWORK, FailureKind.MALFORMED})
_NEVER = frozenset({FailureKind.TOO_LARGE, FailureKind.FILTERED})
"""It was the request, not the provider."""


def cooldown_for(
    route: Route, failure: ProviderFailed, n_in_a_row: int, now_s: float, has_begun: bool
) -> AccountCooldown | None:
    """Return who is not asked until when, after the ``n_in_a_row``-th failure; ``None`` when nobody is blamed.

    ``has_begun`` tells that the reply broke off after its first word.
    """
    until_s = _until_s(route, failure, n_in_a_row, now_s, has_begun)
    return None if until_s is None else AccountCooldown(_blamed(route, failure), until_s, str(failure))


def _until_s(route: Route, failure: ProviderFailed, n_in_a_row: int, now_s: float, has_begun: bool) -> float | None:
    match failure.kind:
        case FailureKind.QUOTA:
            return _quota_until_s(route, failure, now_s)
        case FailureKind.AUTH | FailureKind.GONE:
            return now_s + DAY_S
        case kind if kind in _NEVER:
            return None
    patience = 1 if failure.kind in _AT_ONCE and not has_begun else _PATIENCE
    if n_in_a_row < patience:
        return None
    guess_s = min(_MAX_FAULT_S, _FAULT_S * 2.0 ** min(n_in_a_row - patience, 10))
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


def _blamed(route: Route, failure: ProviderFailed) -> QuotaAccount:
    """Return what fails with it: a model, every model under the key, or the whole provider."""
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
