"""What an adapter has taken on: told from what is new, and finished after a restart or when a long ban is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Any

from core.ports import InboxPort
from core.types import Message, Platform, SpaceId
from core.types.delivery import UnfinishedMessage

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0
"""How often is looked for what has become due, where nothing says that there is news."""

N_AT_ONCE = 16
"""Unanswered messages taken up at a time, oldest first: what only waits is not blamed for the next crash."""


class Backlog:
    """The unfinished work of one platform.

    ``finish`` resumes one message, ``start`` gives it a task of its own.
    """

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
        self._in_hand: set[tuple[SpaceId, str]] = set()
        self._let_go: set[tuple[SpaceId, str]] = set()
        self._turns = asyncio.Semaphore(N_AT_ONCE)

    @asynccontextmanager
    async def accepted(self, message: Message) -> AsyncIterator[bool]:
        """Take ``message`` on while the block lasts; ``False`` inside it when that was done before."""
        if (message.space, message.key) in self._in_hand:
            log.info("already in hand: %s", message.key)
            yield False
            return
        self.hold(message)  # before it is written down, or it would be found there as nobody's
        try:
            is_new = await self._inbox.accept(message)
            if not is_new:
                log.info("already taken on: %s", message.key)
            yield is_new
        finally:
            self.release(message)

    def hold(self, message: Message) -> None:
        """Leave ``message`` to whoever works on it now."""
        self._in_hand.add((message.space, message.key))

    def release(self, message: Message) -> None:
        """Take ``message`` up again when it is due."""
        self._in_hand.discard((message.space, message.key))
        self._let_go.add((message.space, message.key))

    async def run(self) -> None:
        """Finish whatever is due, now and as it becomes due, until cancelled."""
        news = self._inbox.news(self._platform)
        while True:
            news.clear()
            for unfinished in await self._nobody_s():
                self.hold(unfinished.message)
                self._start(self._resume(unfinished))
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), LOOK_EVERY_S)

    async def _nobody_s(self) -> list[UnfinishedMessage]:
        """Return what is due and in nobody's hand; what was let go while looking may be done by now."""
        self._let_go.clear()
        found = await self._inbox.unfinished(self._platform)
        taken = self._in_hand | self._let_go
        return [each for each in found if (each.message.space, each.message.key) not in taken]

    async def _resume(self, unfinished: UnfinishedMessage) -> None:
        message, is_answered = unfinished.message, unfinished.reply is not None
        try:
            async with nullcontext() if is_answered else self._turns:
                log.info("%s is taken up again, %s", message.key, "undelivered" if is_answered else "unanswered")
                await self._finish(unfinished)
        finally:
            self.release(message)
