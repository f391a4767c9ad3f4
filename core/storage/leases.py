"""Leases: what only one of several processes may do is done by whoever holds the lease, until it runs out."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from core.storage.database import Database
from core.storage.schema import leases


class Leases:
    """Who holds what, and until when."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, name: str, holder: str, now: datetime, lasting: timedelta) -> bool:
        """Take a lease that is free, has run out or is held already; return whether ``holder`` has it now."""
        values = {"holder": holder, "until": now + lasting}
        free = (leases.c.name == name) & ((leases.c.holder == holder) | (leases.c.until <= now))
        try:
            async with self._database.write() as connection:
                if (await connection.execute(update(leases).where(free).values(values))).rowcount == 0:
                    await connection.execute(insert(leases).values(name=name, **values))
        except IntegrityError:  # somebody else's, and not run out
            return False
        return True

    async def give_back(self, name: str, holder: str) -> None:
        """Free a lease, if ``holder`` has it."""
        async with self._database.write() as connection:
            await connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
