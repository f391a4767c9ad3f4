"""Accepted messages of one platform: deduplicated, and resumed after a restart or a long flood ban."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Any

from core.ports import InboxPort
from core.storage.database import DATABASE_FAILURES
from core.types import Message, Platform, SpaceId
from core.types.delivery import UnfinishedMessage

log = logging.getLogger(__name__)

POLL_EVERY_S = 5.0
"""Seconds between looks into the inbox, where ``InboxPort.news`` is not set meanwhile."""

N_AT_ONCE = 16
"""Unanswered messages resumed at a time, oldest first: only those count a run if the process crashes."""


class Backlog:
    """The unfinished messages of ``platform``; ``finish`` resumes one, ``start`` gives that a task of its own."""

    def __init__(
        self,
        inbox: InboxPort,
        platform: Platform,
        finish: Callable[[UnfinishedMessage], Awaitable[None]],
        start: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._inbox = inbox
        self._platform = platform
        self._finish = finish
        self._start = start
        self._held: set[tuple[SpaceId, str]] = set()
        self._released: set[tuple[SpaceId, str]] = set()
        self._slots = asyncio.Semaphore(N_AT_ONCE)

    @asynccontextmanager
    async def accepted(self, message: Message) -> AsyncIterator[bool]:
        """Accept ``message`` and hold it while the block lasts; yield whether it was accepted for the first time."""
        if (message.space, message.key) in self._held:
            log.info("already being handled: %s", message.key)
            yield False
            return
        self.hold(message)  # before it is stored, or ``run`` would find it there unheld
        try:
            is_new = await self._inbox.accept(message)
            if not is_new:
                log.info("already accepted: %s", message.key)
            yield is_new
        finally:
            self.release(message)

    def hold(self, message: Message) -> None:
        """Keep ``run`` from resuming ``message`` while a task works on it."""
        self._held.add((message.space, message.key))

    def release(self, message: Message) -> None:
        """Let ``run`` resume ``message`` when it is due."""
        self._held.discard((message.space, message.key))
        self._released.add((message.space, message.key))

    async def run(self) -> None:
        """Resume whatever is due, now and as it becomes due, until cancelled."""
        news = self._inbox.news(self._platform)
        while True:
            news.clear()
            try:
                due = await self._unheld()
            except DATABASE_FAILURES as error:
                log.warning("what is unfinished is not known, and is looked for again: %s", error)
                due = []
            for unfinished in due:
                self.hold(unfinished.message)
                self._start(self._resume(unfinished))
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), POLL_EVERY_S)

    async def _unheld(self) -> list[UnfinishedMessage]:
        """Return what is due and held by no task; what was released during the query may be closed by now."""
        self._released.clear()
        found = await self._inbox.unfinished(self._platform)
        taken = self._held | self._released
        return [each for each in found if (each.message.space, each.message.key) not in taken]

    async def _resume(self, unfinished: UnfinishedMessage) -> None:
        message, is_answered = unfinished.message, unfinished.reply is not None
        try:
            async with nullcontext() if is_answered else self._slots:
                log.info("%s is resumed, %s", message.key, "undelivered" if is_answered else "unanswered")
                await self._finish(unfinished)
        finally:
            self.release(message)
