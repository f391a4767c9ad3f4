"""Stages that work at the same time, for indexing many files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")


async def ahead(source: AsyncGenerator[T, None], n_items: int) -> AsyncGenerator[T, None]:
    """Yield what ``source`` yields, letting it work up to ``n_items`` ahead of whoever consumes it.

    Its exceptions are raised here, after the items that came before them. Closing this closes the source.
    """
    queue: asyncio.Queue[T | None] = asyncio.Queue()
    room = asyncio.Semaphore(n_items)

    async def work() -> None:
        async with aclosing(source):
            async for item in source:
                await room.acquire()
                queue.put_nowait(item)

    task = asyncio.create_task(work())
    task.add_done_callback(lambda _: queue.put_nowait(None))
    try:
        while (item := await queue.get()) is not None:
            room.release()
            yield item
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
