"""Rate limits shared by every process on one database: token buckets, kept as the moments when they are full.

Such a moment is the "theoretical arrival time" of the generic cell rate algorithm (ITU-T I.371). A bucket that is full
is as good as none, and pruned. What is limited stands in the table as a hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.database import Database
from core.storage.schema import rate_buckets
from core.types import Rate

_NOW = timedelta(0)
_EPSILON_S = 1e-6
"""The resolution of a stored moment."""


class RateBuckets:
    """The token bucket of whatever is named."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, wanted: Mapping[str, Rate]) -> float:
        """Take a token from the bucket of each name and return 0, or from none and return the seconds to wait."""
        limited = {_hash(name): rate for name, rate in wanted.items() if rate.per_minute > 0}
        if not limited:
            return 0.0
        async with self._database.write_beside() as connection:
            found = await self._locked(connection, limited)
            wait_s = max(_wait_s(limited[key], lacking_s) for key, (_, lacking_s) in found.items())
            if wait_s > 0:
                return wait_s
            for key, (now, lacking_s) in found.items():
                full_at = now + timedelta(seconds=lacking_s + 1 / limited[key].per_s)
                await connection.execute(update(rate_buckets).where(rate_buckets.c.key == key).values(full_at=full_at))
        return 0.0

    async def prune(self) -> int:
        """Forget the buckets that are full, but for those being taken from; return how many they were."""
        is_full = rate_buckets.c.full_at < self._database.sql.moment_in(_NOW)
        full = select(rate_buckets.c.key).where(is_full).with_for_update(skip_locked=True)
        [n_rows] = await self._database.write_all([delete(rate_buckets).where(rate_buckets.c.key.in_(full))])
        return n_rows

    async def _locked(
        self, connection: AsyncConnection, limited: Mapping[str, Rate]
    ) -> dict[str, tuple[datetime, float]]:
        """Return the moment, and the seconds until each bucket is full, of rows that this transaction holds from now.

        They are written in the order of keys, so that no two transactions wait for each other. A bucket is never more
        than empty, also where the clock was ahead when it was taken from.
        """
        sql, found = self._database.sql, dict[str, tuple[datetime, float]]()
        for key in sorted(limited):
            new = sql.insert(rate_buckets).values(key=key, full_at=sql.moment_in(_NOW))
            held = new.on_conflict_do_update(index_elements=[rate_buckets.c.key], set_={"key": key})
            now = sql.moment_in(_NOW).label("now")
            row = (await connection.execute(held.returning(rate_buckets.c.full_at, now))).one()
            rate, lacking_s = limited[key], (row.full_at - row.now).total_seconds()
            found[key] = row.now, min(max(0.0, lacking_s), rate.capacity / rate.per_s)
        return found


def _wait_s(rate: Rate, lacking_s: float) -> float:
    """Return the seconds until a bucket that is full in ``lacking_s`` has a whole token."""
    wait_s = lacking_s - (rate.capacity - 1) / rate.per_s
    return wait_s if wait_s > _EPSILON_S else 0.0


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
