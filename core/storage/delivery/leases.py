"""Leases: named locks with an expiry and an epoch, for what only one of several processes may do.

Every acquisition raises the epoch of its lease, and nothing lowers it: a write behind ``HeldLease.fence`` is refused
to whoever held the lease before, however late it comes (a fencing token). Expiry is told by the database's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, or_, select, update

from core.storage.database import Database
from core.storage.schema import leases


@dataclass(frozen=True, slots=True)
class HeldLease:
    """A lease as it was acquired."""

    name: str
    epoch: int

    def fence(self) -> Select[tuple[int]]:
        """Return a statement without rows once another process has acquired the lease.

        Until the transaction it runs in ends, nobody can acquire it.
        """
        same = (leases.c.name == self.name) & (leases.c.epoch == self.epoch)
        return select(leases.c.epoch).where(same).with_for_update(read=True)


class Leases:
    """The holder, the epoch and the expiry of every lease."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def acquire(self, name: str, holder: str, lasting: timedelta) -> HeldLease | None:
        """Acquire a lease that is free, has expired or is ``holder``'s already; ``None`` when another holds it."""
        sql = self._database.sql
        new = sql.insert(leases).values(name=name, holder=holder, epoch=1, until=sql.moment_in(lasting))
        free = or_(leases.c.holder == holder, leases.c.until <= sql.moment_in(timedelta(0)))
        taken = {"holder": holder, "epoch": leases.c.epoch + 1, "until": sql.moment_in(lasting)}
        statement = new.on_conflict_do_update(index_elements=[leases.c.name], set_=taken, where=free)
        async with self._database.write() as connection:
            epoch = (await connection.execute(statement.returning(leases.c.epoch))).scalar()
        return HeldLease(name, int(epoch)) if epoch is not None else None

    async def renew(self, lease: HeldLease, lasting: timedelta) -> bool:
        """Extend a lease to ``lasting`` from now; ``False`` when another process has acquired it since."""
        renewed = update(leases).where(_is(lease)).values(until=self._database.sql.moment_in(lasting))
        [n_rows] = await self._database.write_all([renewed])
        return n_rows == 1

    async def release(self, lease: HeldLease) -> None:
        """Let a lease expire now. Its row stays, so that its epoch goes on rising."""
        now = self._database.sql.moment_in(timedelta(0))
        await self._database.write_all([update(leases).where(_is(lease)).values(until=now, holder="")])


def _is(lease: HeldLease) -> ColumnElement[bool]:
    return (leases.c.name == lease.name) & (leases.c.epoch == lease.epoch)
