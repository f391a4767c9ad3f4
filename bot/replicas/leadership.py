"""Leadership over one bot: of the processes with its token one is connected, the others stand by.

The leader renews a lease of the database. It steps down when another process has acquired the lease, or when it could
not renew it for as long as it lasts, and then writes nothing more of the bot's messages: the lease fences the inbox.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.errors import Superseded, Unavailable
from core.storage.database import DATABASE_FAILURES
from core.storage.delivery.inbox import Inbox
from core.storage.delivery.leases import HeldLease, Leases
from core.types import Platform

log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class LeadershipPace:
    """How long a lease lasts, how often it is renewed, and how often those who stand by look whether it is free.

    A bot whose leader was killed has another within ``lasting + look``, and the time it takes to connect.
    """

    lasting: timedelta = timedelta(seconds=9)
    renew: timedelta = timedelta(seconds=2)
    look: timedelta = timedelta(seconds=1)


def lease_name(platform: Platform, token: str) -> str:
    """Return the name of a bot's lease: its platform and a hash of its token."""
    return f"{platform}:{hashlib.sha256(token.encode()).hexdigest()[:16]}"


class Leadership:
    """Leads a bot while it holds its lease. ``holder`` names the data folder, which one process holds at a time.

    ``taken_over`` is called where another process may have led before.
    """

    def __init__(
        self,
        leases: Leases,
        inbox: Inbox,
        platform: Platform,
        name: str,
        holder: str,
        pace: LeadershipPace = LeadershipPace(),
        taken_over: Callable[[], None] = lambda: None,
    ) -> None:
        self._leases = leases
        self._inbox = inbox
        self._platform = platform
        self._name = name
        self._holder = holder
        self._pace = pace
        self._taken_over = taken_over
        self._lease: HeldLease | None = None

    @property
    def is_leading(self) -> bool:
        """Return whether this process leads."""
        return self._lease is not None

    async def stand_by(self, work: Work) -> None:
        """Do ``work`` whenever this process leads, until cancelled. Raises what ``work`` raises."""
        log.info("%s: standing by", self._platform)
        while True:
            if await self._acquire():
                await self._lead(work, self._pace.lasting.total_seconds())
                log.warning("%s: another process leads, or the database is out of reach; standing by", self._platform)
            await asyncio.sleep(self._pace.look.total_seconds())

    async def insist(self, work: Work) -> None:
        """Do ``work`` as the leader, through any outage of the database.

        Raises ``Unavailable`` when another process leads, now or later.
        """
        give_up_s = time.monotonic() + (self._pace.lasting + self._pace.look).total_seconds()
        while not await self._acquire():
            if time.monotonic() > give_up_s:
                raise Unavailable("run.led_elsewhere", platform=self._platform.capitalize())
            await asyncio.sleep(self._pace.look.total_seconds())
        await self._lead(work, math.inf)
        raise Unavailable("run.superseded", platform=self._platform.capitalize())

    async def _acquire(self) -> bool:
        try:
            self._lease = await self._leases.acquire(self._name, self._holder, self._pace.lasting)
        except DATABASE_FAILURES as error:
            log.warning("%s: the database does not tell who leads: %s", self._platform, error)
        return self._lease is not None

    async def _lead(self, work: Work, unrenewed_s: float) -> None:
        """Do the work until another process leads, or the lease could not be renewed for so many seconds."""
        lease = self._lease
        assert lease is not None
        self._inbox.lead(self._platform, lease)
        if lease.epoch > 1:
            self._taken_over()
        log.info("%s: leading, epoch %d", self._platform, lease.epoch)
        working = asyncio.create_task(work(), name=f"{self._platform} leader")
        keeping = asyncio.create_task(self._keep(lease, unrenewed_s), name=f"{self._platform} lease")
        try:
            await asyncio.wait({working, keeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (working, keeping):  # the lease is kept until the last answer is delivered
                task.cancel()
                await asyncio.wait({task})
            self._lease = None
            await self._release(lease)
        for task in (working, keeping):
            error = None if task.cancelled() else task.exception()
            if error is not None and not isinstance(error, Superseded):
                raise error

    async def _keep(self, lease: HeldLease, unrenewed_s: float) -> None:
        """Renew a lease until it is another's, or could not be renewed for so many seconds."""
        renew_s = self._pace.renew.total_seconds()
        renewed_at_s = time.monotonic()
        while (left_s := renewed_at_s + unrenewed_s - time.monotonic()) > 0:
            await asyncio.sleep(min(renew_s, left_s))
            asked_at_s = time.monotonic()
            try:
                async with asyncio.timeout(renew_s):
                    if not await self._leases.renew(lease, self._pace.lasting):
                        return
            except (TimeoutError, *DATABASE_FAILURES) as error:
                log.warning("%s: the lease was not renewed: %r", self._platform, error)
            else:
                renewed_at_s = asked_at_s

    async def _release(self, lease: HeldLease) -> None:
        try:
            await self._leases.release(lease)
        except DATABASE_FAILURES as error:
            log.warning("%s: the lease runs out by itself: %s", self._platform, error)
