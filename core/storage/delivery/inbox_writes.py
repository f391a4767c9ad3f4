"""Writes of one platform's messages: fenced by the lease it is led under, and made up for after an outage.

What could not be written as the database was out of reach, read-only or full is kept in this process, and written in
its order before anything else once that is possible: a reply that was delivered meanwhile is not delivered again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from itertools import islice

from sqlalchemy.exc import DBAPIError

from core.errors import Superseded, Unavailable
from core.storage.database import DATABASE_FAILURES, Database
from core.storage.delivery.leases import HeldLease
from core.storage.engines.engine import Fence
from core.storage.group_commit import GroupCommit, Write

log = logging.getLogger(__name__)

MAX_KEPT = 5_000
"""Writes that are kept; of more the oldest is dropped, and what it was about is done again."""

N_TOGETHER = 100
"""Kept writes that one transaction makes up for."""

RETRY_S = 1.0
"""Seconds after a failure in which the database is not asked for what was kept."""


class InboxWrites:
    """The writes of one platform, those of concurrent tasks in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lease: HeldLease | None = None
        self._commits = GroupCommit(database, self._fence)
        self._kept: deque[Write] = deque(maxlen=MAX_KEPT)
        self._catching_up = asyncio.Lock()
        self._failure: Unavailable | None = None
        self._failed_at_s = 0.0

    def lead(self, lease: HeldLease) -> None:
        """Write only as long as nobody else has acquired ``lease``; what was kept before another led is forgotten."""
        if self._lease is not None and lease.epoch != self._lease.epoch + 1:
            self._kept.clear()
        self._lease = lease

    async def run(self, statement: Write) -> int:
        """Return how many rows a statement changed, once it is committed.

        Raises ``Superseded`` once another process leads, and what ``core.storage.database.DATABASE_FAILURES`` names.
        """
        await self.catch_up()
        return await self._commits.run(statement)

    async def run_or_keep(self, statement: Write) -> int:
        """Do as ``run`` does, and keep for later what ends in ``Unavailable``, which is raised all the same."""
        try:
            return await self.run(statement)
        except Unavailable:
            self._kept.append(statement)
            raise

    async def catch_up(self) -> None:
        """Write what was kept. Raises as ``run`` does where that is still impossible."""
        if self._kept:
            async with self._catching_up:
                if self._failure is not None and time.monotonic() - self._failed_at_s < RETRY_S:
                    raise self._failure
                await self._write_kept()

    async def settle(self) -> None:
        """Write what was kept, or tell the log how much is lost with this process."""
        try:
            async with self._catching_up:
                await self._write_kept()
        except (*DATABASE_FAILURES, Superseded) as error:
            log.error("%d writes of the inbox are lost; something may be done again: %s", len(self._kept), error)

    async def _write_kept(self) -> None:
        self._failure = None
        while together := list(islice(self._kept, N_TOGETHER)):
            await self._make_up_for(together)
            for statement in together:
                if self._kept and self._kept[0] is statement:
                    self._kept.popleft()

    async def _make_up_for(self, statements: list[Write]) -> None:
        try:
            await self._database.write_all_durably(statements, self._fence())
        except Superseded:
            self._kept.clear()
            raise
        except Unavailable as error:
            self._failure, self._failed_at_s = error, time.monotonic()
            raise
        except DBAPIError:
            log.exception("%d writes of the inbox were refused; what they are about may be done again", len(statements))

    def _fence(self) -> Fence | None:
        return self._lease.fence() if self._lease else None
