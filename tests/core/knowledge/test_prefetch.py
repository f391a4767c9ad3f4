"""A stage that works ahead: order, back pressure, errors, and leaving early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from core.knowledge.prefetch import in_order, prefetch


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


class Kitchen:
    """Work that ends when it is told to, and remembers what is under way."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.cancelled: list[int] = []
        self.may_end = [asyncio.Event() for _ in range(9)]

    async def work(self, n: int) -> int:
        self.begun.append(n)
        try:
            await self.may_end[n].wait()
        except asyncio.CancelledError:
            self.cancelled.append(n)
            raise
        if n == 7:
            raise ValueError(n)
        return n * n


async def test_results_come_in_order_while_as_many_as_allowed_are_worked_on() -> None:
    kitchen = Kitchen()
    async with aclosing(in_order(range(3), kitchen.work, 2)) as results:
        first = asyncio.create_task(anext(results))
        kitchen.may_end[1].set()
        await asyncio.sleep(0.01)
        assert (kitchen.begun, first.done()) == ([0, 1], False)
        kitchen.may_end[0].set()
        kitchen.may_end[2].set()
        assert [await first, *[each async for each in results]] == [0, 1, 4]


async def test_an_exception_comes_in_its_place_and_ends_what_is_under_way() -> None:
    kitchen = Kitchen()
    for n in (6, 7):
        kitchen.may_end[n].set()
    results = in_order((6, 7, 8), kitchen.work, 3)
    assert await anext(results) == 36
    with pytest.raises(ValueError, match="7"):
        await anext(results)
    assert kitchen.cancelled == [8]


async def test_closing_cancels_what_is_under_way() -> None:
    kitchen = Kitchen()
    kitchen.may_end[0].set()
    async with aclosing(in_order(range(5), kitchen.work, 3)) as results:
        assert await anext(results) == 0
    assert kitchen.cancelled == [1, 2]
