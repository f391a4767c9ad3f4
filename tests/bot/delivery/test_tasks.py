from __future__ import annotations

import asyncio
import logging

import pytest

from bot.delivery.tasks import TaskSet


async def test_what_ends_in_time_is_waited_for_and_the_rest_is_cancelled() -> None:
    tasks, ended = TaskSet("Discord"), []

    async def short() -> None:
        await asyncio.sleep(0)
        ended.append("short")

    async def endless() -> None:
        await asyncio.Event().wait()

    quick, slow = tasks.start(short()), tasks.start(endless())
    await tasks.finish(0.05)
    assert ended == ["short"]
    assert not quick.cancelled()
    assert slow.cancelled()


async def test_loops_end_before_anything_else_is_waited_for() -> None:
    tasks, at_end = TaskSet("Discord"), []

    async def endless() -> None:
        await asyncio.Event().wait()

    loop = tasks.start_loop(endless())

    async def short() -> None:
        while not loop.done():  # noqa: ASYNC110
            await asyncio.sleep(0)
        at_end.append(loop.cancelled())

    tasks.start(short())
    await tasks.finish(5)
    assert at_end == [True]


async def test_a_failure_is_logged_with_its_platform(caplog: pytest.LogCaptureFixture) -> None:
    tasks = TaskSet("Discord")

    async def fail() -> None:
        raise ValueError("broken")

    with caplog.at_level(logging.ERROR):
        tasks.start(fail())
        await tasks.finish(1)
    (record,) = caplog.records
    assert record.getMessage().startswith("Discord")
    assert isinstance(record.exc_info and record.exc_info[1], ValueError)
