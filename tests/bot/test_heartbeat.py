"""A loop or threads that do not answer are noticed, and said."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot import heartbeat as module
from bot.heartbeat import Heartbeat, Pulse


@pytest.fixture
async def heartbeat(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Heartbeat]:
    monkeypatch.setattr(module, "_BEAT_S", 0.02)
    heart = Heartbeat()
    task = asyncio.create_task(heart.run())
    yield heart
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_what_is_late_is_said() -> None:
    assert Pulse(0.2, 0.2).problems == ()
    assert Pulse(7.1, 0).problems == ("the event loop stood still for 7 s",)
    assert Pulse(0, 40).problems == ("no worker thread has answered for 40 s",)


async def test_all_is_well_while_both_answer(heartbeat: Heartbeat) -> None:
    await asyncio.sleep(0.1)
    assert heartbeat.pulse.problems == ()


async def test_a_loop_that_stood_still_is_remembered(heartbeat: Heartbeat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOP_WITHIN_S", 0.2)
    await asyncio.sleep(0.05)
    time.sleep(0.4)  # noqa: ASYNC251  that is what is tested
    assert "event loop" in heartbeat.pulse.problems[0]
    await asyncio.sleep(0.1)
    assert "event loop" in heartbeat.pulse.problems[0]
    monkeypatch.setattr(module, "REMEMBERED_S", 0.0)
    monkeypatch.setattr(module, "LOOP_WITHIN_S", 30.0)
    assert heartbeat.pulse.problems == ()


async def test_threads_that_are_all_stuck_are_noticed_until_they_answer(
    heartbeat: Heartbeat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "THREADS_WITHIN_S", 0.1)
    monkeypatch.setattr(module, "LOOP_WITHIN_S", 30.0)
    loop, may_end = asyncio.get_running_loop(), threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(2))
    stuck = [loop.run_in_executor(None, may_end.wait) for _ in range(2)]
    async with asyncio.timeout(20):
        while not heartbeat.pulse.problems:  # noqa: ASYNC110  it is the clock that changes
            await asyncio.sleep(0.02)
    assert "worker thread" in heartbeat.pulse.problems[0]
    may_end.set()
    await asyncio.gather(*stuck)
    async with asyncio.timeout(20):
        while heartbeat.pulse.problems:  # noqa: ASYNC110  it is the clock that changes
            await asyncio.sleep(0.02)
