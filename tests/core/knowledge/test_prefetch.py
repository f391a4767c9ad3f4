"""A stage that works ahead: order, back pressure, errors, and leaving early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from core.knowledge.prefetch import prefetch


class Source:
    """Yields numbers and remembers how far it came and whether it was closed."""

    def __init__(self, n_items: int, fails_at: int | None = None) -> None:
        self.n_items, self.fails_at, self.n_made, self.closed = n_items, fails_at, 0, False

    async def items(self) -> AsyncGenerator[int, None]:
        try:
            for n in range(self.n_items):
                if n == self.fails_at:
                    raise ValueError(n)
                self.n_made += 1
                yield n
                await asyncio.sleep(0)
        finally:
            self.closed = True


async def test_everything_comes_through_in_order() -> None:
    source = Source(50)
    assert [n async for n in prefetch(source.items(), 3)] == list(range(50))
    assert source.closed


async def test_it_works_ahead_but_not_too_far() -> None:
    source = Source(50)
    async with aclosing(prefetch(source.items(), 3)) as items:
        assert await anext(items) == 0
        for _ in range(30):
            await asyncio.sleep(0)
        assert 3 <= source.n_made <= 5
    assert source.closed


async def test_an_error_comes_after_what_came_before_it() -> None:
    source, seen = Source(50, fails_at=5), []
    with pytest.raises(ValueError, match="5"):
        async for n in prefetch(source.items(), 2):
            seen.append(n)  # noqa: PERF401 - what came before the error counts
    assert seen == [0, 1, 2, 3, 4]
    assert source.closed


async def test_cancelling_the_consumer_closes_the_source() -> None:
    source = Source(1000)

    async def consume() -> None:
        async with aclosing(prefetch(source.items(), 2)) as items:
            async for _ in items:
                await asyncio.sleep(0.01)

    task = asyncio.create_task(consume())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.closed
