"""Routes: each model of each provider under each key, with the limits that hold for it; and the parsing of keys."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from core.generation.providers.catalogue import ModelLimits, Provider, ProviderModel
from core.storage.quotas import ANY, Period, QuotaAccount, UsageCounts

Amount = Literal["n_requests", "n_tokens", "micro_usd"]

_MAX_KEYS = 20
"""``KEY_2`` to ``KEY_20`` are looked for."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One limit: at most ``limit`` of ``kind`` in each ``period`` of ``account``."""

    account: QuotaAccount
    period: Period
    kind: Amount
    limit: int


@dataclass(frozen=True)
class Route:
    """One model of one provider under one key."""

    provider: Provider
    model: ProviderModel
    key: SecretStr

    @cached_property
    def account(self) -> QuotaAccount:
        """Return the account of the model under this key."""
        return QuotaAccount(self.provider.name, fingerprint(self.key), self.model.id)

    @cached_property
    def of_key(self) -> QuotaAccount:
        """Return the account of all models under this key."""
        return self.account._replace(model=ANY)

    @cached_property
    def of_provider(self) -> QuotaAccount:
        """Return the account of all the provider's models and keys."""
        return QuotaAccount(self.provider.name, ANY, ANY)

    @cached_property
    def accounts(self) -> tuple[QuotaAccount, QuotaAccount, QuotaAccount]:
        """Return every account whose limits and cooldowns apply to this route."""
        return self.account, self.of_key, self.of_provider

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Return every limit of the catalogue for this route."""
        own, shared = self.model.limits, self.provider.limits
        return (*_rules(self.account, own), *_rules(self.of_provider, shared))

    @cached_property
    def zone(self) -> ZoneInfo:
        """Return the time zone in which the provider's day starts at midnight."""
        return ZoneInfo(self.provider.day_zone)

    @property
    def last4(self) -> str:
        """Return the last four characters of the key, to tell the operator's keys apart."""
        return self.key.get_secret_value()[-4:]

    def cost(self, n_prompt: int, n_completion: int) -> UsageCounts:
        """Return the usage of one request: the tokens that count here, and its price in micro-dollars, rounded up."""
        price = self.model.usd_per_million
        n_tokens = n_prompt + (n_completion if self.provider.counted == "all" else 0)
        return UsageCounts(1, n_tokens, math.ceil(n_prompt * price.prompt + n_completion * price.completion))


def routes(
    providers: Sequence[Provider], keys: Mapping[str, Sequence[SecretStr]], monthly_usd: float
) -> tuple[Route, ...]:
    """Return every usable route in order of preference: by provider, by model, by key.

    Paid providers are included only with a budget; ``monthly_usd`` is then the limit of each.
    """
    found: list[Route] = []
    for provider in providers:
        if provider.paid:
            if monthly_usd <= 0:
                continue
            provider = replace(provider, limits=replace(provider.limits, usd_per_month=monthly_usd))
        found += [Route(provider, model, key) for model in provider.models for key in keys.get(provider.key_env, ())]
    return tuple(found)


def read_keys(values: Mapping[str, str | None], name: str) -> tuple[SecretStr, ...]:
    """Return the distinct keys in ``name``, ``name_2``, ``name_3`` …, each a comma-separated list.

    White space and quotes from pasting are removed.
    """
    names = [name, *(f"{name}_{n}" for n in range(2, _MAX_KEYS + 1))]
    parts = (part for each in names for part in (values.get(each) or "").split(","))
    cleaned = (re.sub(r"\s+", "", part).strip("\"'") for part in parts)
    return tuple(SecretStr(key) for key in dict.fromkeys(cleaned) if key)


def fingerprint(key: SecretStr) -> str:
    """Return an identifier of a key that does not reveal it: 12 hex digits of its SHA-256."""
    return hashlib.sha256(key.get_secret_value().encode()).hexdigest()[:12]


def _rules(account: QuotaAccount, limits: ModelLimits) -> Iterator[Rule]:
    usd = None if limits.usd_per_month is None else int(limits.usd_per_month * 1_000_000)
    stated: tuple[tuple[Period, Amount, int | None], ...] = (
        ("minute", "n_requests", limits.requests_per_minute),
        ("minute", "n_tokens", limits.tokens_per_minute),
        ("day", "n_requests", limits.requests_per_day),
        ("day", "n_tokens", limits.tokens_per_day),
        ("month", "micro_usd", usd),
    )
    return (Rule(account, period, kind, limit) for period, kind, limit in stated if limit is not None)
