"""Leases: named locks with an expiry, for work that only one of several processes may do."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from core.storage.database import Database
from core.storage.schema import leases


class Leases:
    """The holder and the expiry of every lease."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def acquire(self, name: str, holder: str, now: datetime, lasting: timedelta) -> bool:
        """Acquire or renew a lease for ``lasting``; return whether ``holder`` has it. One that has expired is free."""
        values = {"holder": holder, "until": now + lasting}
        free = (leases.c.name == name) & ((leases.c.holder == holder) | (leases.c.until <= now))
        try:
            async with self._database.write() as connection:
                if (await connection.execute(update(leases).where(free).values(values))).rowcount == 0:
                    await connection.execute(insert(leases).values(name=name, **values))
        except IntegrityError:  # held by another, and not expired
            return False
        return True

    async def release(self, name: str, holder: str) -> None:
        """Release a lease, if ``holder`` has it."""
        async with self._database.write() as connection:
            await connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
