"""The asyncio tasks of one adapter: referenced while they run, logged when they fail, ended with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)

Work = Coroutine[Any, Any, None]


class TaskSet:
    """Owns the tasks of the adapter of ``platform``; the name is used in the log alone."""

    def __init__(self, platform: str) -> None:
        self._platform = platform
        self._tasks: set[asyncio.Task[None]] = set()
        self._loops: set[asyncio.Task[None]] = set()

    def start(self, work: Work) -> asyncio.Task[None]:
        """Start work that ends by itself, and which ``finish`` waits for."""
        return self._own(work, self._tasks)

    def start_loop(self, work: Work) -> asyncio.Task[None]:
        """Start work that never ends by itself, and which ``finish`` cancels first."""
        return self._own(work, self._loops)

    def _own(self, work: Work, tasks: set[asyncio.Task[None]]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(self._log_failure)
        return task

    def _log_failure(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s: an event was not handled to its end", self._platform, exc_info=error)

    async def finish(self, grace_s: float) -> None:
        """Cancel the loops, let the other tasks run for at most ``grace_s`` seconds, then cancel those too."""
        await _cancel(self._loops)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        await _cancel(self._tasks)


async def _cancel(tasks: set[asyncio.Task[None]]) -> None:
    running = list(tasks)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
