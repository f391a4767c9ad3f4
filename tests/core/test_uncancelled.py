"""Work that goes on when whoever waits for it is cancelled."""

from __future__ import annotations

import asyncio

import pytest

from core.uncancelled import Uncancelled


async def test_result_and_error_of_work_are_those_of_the_caller() -> None:
    async def fail() -> None:
        raise ValueError("no")

    uncancelled = Uncancelled()
    assert await uncancelled.run(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(ValueError, match="no"):
        await uncancelled.run(fail())


async def test_work_of_a_cancelled_caller_ends_and_its_result_is_left() -> None:
    ready, left = asyncio.Event(), list[str]()

    async def work() -> str:
        await ready.wait()
        return "response"

    async def leave(result: str) -> None:
        left.append(result)

    caller = asyncio.create_task(Uncancelled().run(work(), leave))
    await asyncio.sleep(0)
    for _ in range(2):
        caller.cancel()
        await asyncio.sleep(0)
    assert caller.cancelled()
    ready.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert left == ["response"]


async def test_work_that_nobody_waits_for_is_cancelled_after_its_grace() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    caller = asyncio.create_task(Uncancelled(grace_s=0.01).run(work()))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.wait_for(ended.wait(), 30)


async def test_closing_ends_everything() -> None:
    uncancelled = Uncancelled()
    forever = asyncio.Event()
    callers = [asyncio.create_task(uncancelled.run(forever.wait())) for _ in range(2)]
    await asyncio.sleep(0)
    callers[0].cancel()
    await asyncio.sleep(0)
    await uncancelled.close()
    assert [result for result in await asyncio.gather(*callers, return_exceptions=True) if result is True] == []
