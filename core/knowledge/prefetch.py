"""Running work ahead of its consumer, so that stages of a pipeline overlap."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextlib import aclosing
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


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


async def in_order(
    items: Iterable[T], work: Callable[[T], Coroutine[None, None, R]], n_at_once: int
) -> AsyncGenerator[R, None]:
    """Yield ``await work(item)`` for each item in order, while ``work`` is done for up to ``n_at_once`` of them.

    The first exception is raised in its place. Closing this generator cancels the work under way.
    """
    left, tasks = iter(items), deque[asyncio.Task[R]]()
    try:
        while True:
            tasks.extend(asyncio.create_task(work(item)) for item in islice(left, n_at_once - len(tasks)))
            if not tasks:
                return
            yield await tasks[0]
            tasks.popleft()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
