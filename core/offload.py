"""Run blocking work on worker threads, away from the event loop.

Every coroutine that waits for a blocking call (a model, FAISS, tantivy, SQLite, text extraction, a file) waits through
this module: no other module of ``bot`` or ``core`` calls ``asyncio.to_thread`` or ``run_in_executor``. Threads are
also started by aiosqlite (one for each connection), and by code that is off the loop already: to share a computation
(``core.models.cpu_threads``) and to generate in batches (``core.generation.local.batch_scheduler``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_SMALL_BYTES = 64_000


async def offload(work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run blocking ``work`` on the loop's default thread pool and return its result; its exceptions are raised here."""
    return await asyncio.to_thread(work, *args, **kwargs)


async def offload_large(n_bytes: int, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run ``work``, which takes a few nanoseconds for each of ``n_bytes``: on a thread only where that is worth one."""
    return work(*args, **kwargs) if n_bytes < _SMALL_BYTES else await offload(work, *args, **kwargs)


class ThreadPool:
    """Worker threads of their own for short work, which so never waits for a thread that a model holds."""

    def __init__(self, n_threads: int, name: str) -> None:
        """Allow ``n_threads`` threads, each started when first needed; ``name`` begins their names."""
        self._executor = ThreadPoolExecutor(n_threads, name)

    async def run(self, work: Callable[[], R]) -> R:
        """Run blocking ``work`` on one of the threads and return its result; its exceptions are raised here."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def close(self) -> None:
        """Wait for the work under way and end the threads. Blocks."""
        self._executor.shutdown()
