"""Running an asynchronous generator ahead of its consumer, so that stages of a pipeline overlap."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")


async def prefetch(source: AsyncGenerator[T, None], n_items: int) -> AsyncGenerator[T, None]:
    """Yield the items of ``source``, which runs in its own task up to ``n_items`` ahead of the consumer.

    Its exceptions are raised after the items before them. Closing this generator closes ``source``.
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
