"""Work that goes on to its end when whoever waits for it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

GRACE_S = 10.0
"""How long work that nobody waits for may still take."""


class Uncancelled:
    """Runs work in tasks of its own. ``close`` ends those that still run."""

    def __init__(self, grace_s: float = GRACE_S) -> None:
        self._grace_s = grace_s
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, T], leave: Callable[[T], Awaitable[None]] | None = None) -> T:
        """Return the result of ``work``, or raise what it raises.

        If the caller is cancelled before, ``work`` has ``grace_s`` to end; its result is given to ``leave``, and what
        it raises is dropped.
        """
        task = self._start(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._start(self._let_end(task, leave))
            raise

    async def close(self) -> None:
        """Cancel what still runs, and wait until it ended."""
        while running := tuple(self._running):
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _let_end(self, task: asyncio.Task[T], leave: Callable[[T], Awaitable[None]] | None) -> None:
        await asyncio.wait([task], timeout=self._grace_s)
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled() and task.exception() is None and leave is not None:
            await leave(task.result())
