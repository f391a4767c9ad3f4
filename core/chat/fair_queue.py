"""Lets a few at a time work, so that the first of many is done soon and not all of them late.

Who waits is let in by turns: one of each key after the other, in the order they came within a key, so that a crowd in
one place does not keep another waiting.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self


class FairQueue:
    """Lets ``n`` in at a time."""

    def __init__(self, n: int) -> None:
        self._n_free = n
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    def turn(self, key: str) -> QueueSlot:
        """Return a turn for somebody of ``key``, to be entered once."""
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
    """One stay inside; it ends with the block, or earlier by ``end``."""

    def __init__(self, enter: Callable[[], Awaitable[None]], leave: Callable[[], None]) -> None:
        self._enter = enter
        self._leave = leave
        self._is_inside = False

    def end(self) -> None:
        """Let the next one in, now; ending again changes nothing."""
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
