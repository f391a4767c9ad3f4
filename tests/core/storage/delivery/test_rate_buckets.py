"""Limits that processes share: one burst for all of them, all tokens or none, no wait without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from core.storage.database import Database
from core.storage.delivery.rate_buckets import RateBuckets
from core.storage.schema import rate_buckets
from core.types import Rate


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[tuple[Database, Database]]:
    """Return a database as two processes have it open."""
    async with await Database.open(tmp_path) as one, await Database.open_shared(tmp_path) as other:
        yield one, other


async def taken(buckets: RateBuckets, n: int, **wanted: Rate) -> int:
    return [await buckets.take(wanted) for _ in range(n)].count(0)


async def move(database: Database, by: timedelta) -> None:
    """Make every bucket full ``by`` later than it would have been."""
    [first, *_] = await database.rows(select(rate_buckets.c.full_at))
    await database.write_all([update(rate_buckets).values(full_at=first.full_at + by)])


async def n_rows(database: Database) -> int:
    [row] = await database.rows(select(func.count().label("n")).select_from(rate_buckets))
    return int(row.n)


async def test_two_processes_let_in_one_burst(both: tuple[Database, Database]) -> None:
    one, other = (RateBuckets(database) for database in both)
    hourly, free = Rate(1 / 60), Rate(0)
    found = await asyncio.gather(*(each.take({"a": hourly, "b": hourly, "c": free}) for each in (one, other) * 4))
    assert found.count(0) == 1
    assert min(wait_s for wait_s in found if wait_s) > 3_590
    assert await taken(one, 2, c=free) == 2
    assert await n_rows(both[0]) == 2, "what has no limit is not counted"


async def test_over_one_limit_nothing_is_taken_of_another(both: tuple[Database, Database]) -> None:
    one, other = (RateBuckets(database) for database in both)
    tight, wide = Rate(0.001), Rate(3)
    assert await taken(one, 5, tight=tight, wide=wide) == 1
    assert await taken(other, 2, wide=wide) == 2


async def test_tokens_flow_in_with_time_and_a_full_bucket_is_forgotten(both: tuple[Database, Database]) -> None:
    database, buckets, rate = both[0], RateBuckets(both[1]), Rate(0.01)
    assert await taken(buckets, 2, a=rate) == 1
    assert await buckets.prune() == 0
    await move(database, -timedelta(minutes=99))
    assert 0 < await buckets.take({"a": rate}) <= 60
    await move(database, -timedelta(minutes=2))
    assert await buckets.prune() == 1
    assert await n_rows(database) == 0
    assert await taken(buckets, 2, a=rate) == 1


async def test_a_clock_that_was_ahead_makes_nobody_wait_longer_than_for_an_empty_bucket(
    both: tuple[Database, Database],
) -> None:
    database, buckets = both[0], RateBuckets(both[1])
    assert await taken(buckets, 1, a=Rate(6)) == 1
    await move(database, timedelta(days=300))
    assert 9 < await buckets.take({"a": Rate(6)}) <= 10
    [row] = await database.rows(select(rate_buckets.c.key, rate_buckets.c.full_at))
    assert (len(row.key), row.full_at > datetime.now(UTC)) == (64, True)
