"""Usage counts of each provider account, and its cooldowns.

Several processes may count at once: counts are only added to and cooldowns only lengthened, so that no process undoes
what another wrote. The limits are checked in ``core.generation.providers.ledger``. API keys are not stored; an account
has a fingerprint of its key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.database import Database
from core.storage.engines.dialect import sql_of
from core.storage.schema import provider_benches, provider_counts

Period = Literal["minute", "day", "month"]

ANY = "*"
"""In place of a key or a model: all of them together."""

MINUTE_S = 60
_KEEP_S: Mapping[Period, int] = {"minute": 2 * MINUTE_S, "day": 3 * 86_400, "month": 62 * 86_400}


class QuotaAccount(NamedTuple):
    """The unit that a limit applies to: a provider's model under one key (its fingerprint), or ``ANY`` of either."""

    provider: str
    key: str
    model: str


class Slot(NamedTuple):
    """A counted interval of an account: one second (``minute``), a day or a month; ``start_s`` is Unix time, UTC."""

    account: QuotaAccount
    period: Period
    start_s: int


@dataclass(frozen=True, slots=True)
class UsageCounts:
    """Usage: requests, tokens, and cost in millionths of a US dollar."""

    n_requests: int = 0
    n_tokens: int = 0
    micro_usd: int = 0

    def __add__(self, other: UsageCounts) -> UsageCounts:
        return UsageCounts(
            self.n_requests + other.n_requests, self.n_tokens + other.n_tokens, self.micro_usd + other.micro_usd
        )

    def __sub__(self, other: UsageCounts) -> UsageCounts:
        return UsageCounts(
            self.n_requests - other.n_requests, self.n_tokens - other.n_tokens, self.micro_usd - other.micro_usd
        )


@dataclass(frozen=True, slots=True)
class AccountCooldown:
    """An account that is not to be asked before ``until_s`` (UTC, Unix time), and why."""

    account: QuotaAccount
    until_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class StoredUsage:
    """All counts and cooldowns, of all processes."""

    counts: Mapping[Slot, UsageCounts]
    cooldowns: Mapping[QuotaAccount, AccountCooldown]

    @property
    def latest_s(self) -> int:
        """Return the latest second that was counted (UTC, Unix time); 0 when there is none."""
        return max((slot.start_s for slot in self.counts if slot.period == "minute"), default=0)


class Quotas:
    """The stored counts and cooldowns of every provider."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> StoredUsage:
        """Return what is stored."""
        async with self._database.read() as connection:
            return await _load(connection)

    async def sync(self, added: Mapping[Slot, UsageCounts], cooldowns: Sequence[AccountCooldown]) -> StoredUsage:
        """Add counts, lengthen cooldowns, and return what is stored then. Atomic."""
        async with self._database.write() as connection:
            if added:
                await connection.execute(
                    _upsert_counts(connection), [_row(slot, counts) for slot, counts in added.items()]
                )
                await _prune(connection)
            if cooldowns:
                await connection.execute(
                    _upsert_cooldowns(connection), [_cooldown_row(cooldown) for cooldown in cooldowns]
                )
            return await _load(connection)

    async def clear_cooldowns(self, provider: str) -> int:
        """Delete the cooldowns of ``provider``; return how many there were."""
        statement = delete(provider_benches).where(provider_benches.c.provider == provider)
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount


def _row(slot: Slot, counts: UsageCounts) -> dict[str, Any]:
    return {
        **slot.account._asdict(),
        "period": slot.period,
        "start_s": slot.start_s,
        "n_requests": counts.n_requests,
        "n_tokens": counts.n_tokens,
        "micro_usd": counts.micro_usd,
    }


def _cooldown_row(cooldown: AccountCooldown) -> dict[str, Any]:
    return {**cooldown.account._asdict(), "until_s": cooldown.until_s, "reason": cooldown.reason}


def _upsert_counts(connection: AsyncConnection) -> Any:
    table = provider_counts
    statement = sql_of(connection).insert(table)
    amounts = ("n_requests", "n_tokens", "micro_usd")
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: table.c[name] + statement.excluded[name] for name in amounts},
    )


def _upsert_cooldowns(connection: AsyncConnection) -> Any:
    table = provider_benches
    statement = sql_of(connection).insert(table)
    is_longer = statement.excluded.until_s > table.c.until_s
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: case((is_longer, statement.excluded[name]), else_=table.c[name]) for name in ("until_s", "reason")},
    )


async def _prune(connection: AsyncConnection) -> None:
    """Delete counts that no limit covers any more, by the newest count and not by a clock that may be wrong."""
    counts = provider_counts.c
    for period, keep_s in _KEEP_S.items():
        newest = select(func.max(counts.start_s)).where(counts.period == period).scalar_subquery()
        old = (counts.period == period) & (counts.start_s < newest - keep_s)
        await connection.execute(delete(provider_counts).where(old))


async def _load(connection: AsyncConnection) -> StoredUsage:
    counts = {
        Slot(QuotaAccount(*row[:3]), row.period, row.start_s): UsageCounts(row.n_requests, row.n_tokens, row.micro_usd)
        for row in await connection.execute(select(provider_counts))
    }
    rows = await connection.execute(select(provider_benches))
    cooldowns = [AccountCooldown(QuotaAccount(*row[:3]), row.until_s, row.reason) for row in rows]
    return StoredUsage(counts, {cooldown.account: cooldown for cooldown in cooldowns})
