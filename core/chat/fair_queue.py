"""A concurrency limit whose waiting line is fair between keys (round robin), and first in, first out within a key.

With a limit the first of many finishes early instead of all of them late; with turns by key (a space), many waiting in
one space do not delay another.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self


class FairQueue:
    """Lets at most ``n`` tasks hold a slot at a time."""

    def __init__(self, n: int) -> None:
        self._n_free = n
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    def turn(self, key: str) -> QueueSlot:
        """Return a slot for a task of ``key``, an async context manager to be entered once."""
        return QueueSlot(lambda: self._enter(key), self._leave)

    async def _enter(self, key: str) -> None:
        if self._n_free:
            self._n_free -= 1
            return
        called = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(called)
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                self._leave()  # called in the moment of leaving: the turn is the next one's
            raise

    def _leave(self) -> None:
        while self._waiting:
            key, queue = self._waiting.popitem(last=False)
            called = queue.popleft()
            if queue:
                self._waiting[key] = queue
            if not called.done():
                called.set_result(None)
                return
        self._n_free += 1


class QueueSlot:
    """One slot, held from entering the block until its end, or until ``end``."""

    def __init__(self, enter: Callable[[], Awaitable[None]], leave: Callable[[], None]) -> None:
        self._enter = enter
        self._leave = leave
        self._is_inside = False

    def end(self) -> None:
        """Release the slot now; releasing it again changes nothing."""
        if self._is_inside:
            self._is_inside = False
            self._leave()

    async def __aenter__(self) -> Self:
        await self._enter()
        self._is_inside = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
