"""A deaf adapter is started again; one that stays deaf, or cannot be stopped, ends the process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace

import pytest

from bot.platform_errors import Outage
from bot.watchdog import AdapterWatch, WatchdogPolicy
from core.errors import Unavailable

QUICK = WatchdogPolicy(deaf_after_s=0.1, check_every_s=0.01, stop_within_s=0.1, n_restarts=2)


class Scripted:
    """An adapter whose every run does what is next in its script."""

    def __init__(self, *script: Callable[[Scripted], Coroutine[None, None, None]]) -> None:
        self.heard_at_s: float | None = None
        self.n_runs = 0
        self.n_stopped = 0
        self._script = script

    async def run(self) -> None:
        act = self._script[min(self.n_runs, len(self._script) - 1)]
        self.n_runs += 1
        try:
            await act(self)
        except asyncio.CancelledError:
            self.n_stopped += 1
            raise

    def hear(self) -> None:
        self.heard_at_s = time.monotonic()


async def deaf(adapter: Scripted) -> None:
    await asyncio.sleep(3600)


async def hearing(adapter: Scripted) -> None:
    while True:
        adapter.hear()
        await asyncio.sleep(0.01)


async def refused(adapter: Scripted) -> None:
    raise Unavailable("telegram.bad_token")


async def stubborn(adapter: Scripted) -> None:
    until_s = time.monotonic() + 0.6
    while time.monotonic() < until_s:
        try:
            await asyncio.sleep(0.6)
        except asyncio.CancelledError:
            continue


async def test_an_adapter_that_hears_is_left_alone() -> None:
    adapter = Scripted(hearing)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(AdapterWatch("x", adapter, QUICK).run(), 0.5)
    assert (adapter.n_runs, adapter.n_stopped) == (1, 1)


async def test_a_deaf_one_is_started_again_and_may_recover(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    adapter = Scripted(deaf, hearing)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(AdapterWatch("x", adapter, QUICK).run(), 0.6)
    assert adapter.n_runs == 2
    assert [record.getMessage() for record in caplog.records] == [
        "x: not a word for 0 s; starting it again (1 of 2)",
        "x: heard again",
    ]


async def test_one_that_stays_deaf_is_given_up() -> None:
    adapter = Scripted(deaf)
    with pytest.raises(Unavailable) as error:
        await AdapterWatch("x", adapter, QUICK).run()
    assert error.value.key == "run.deaf"
    assert (adapter.n_runs, adapter.n_stopped) == (3, 3)


async def test_its_own_error_is_raised_at_once() -> None:
    adapter = Scripted(refused)
    with pytest.raises(Unavailable) as error:
        await AdapterWatch("x", adapter, QUICK).run()
    assert error.value.key == "telegram.bad_token"
    assert adapter.n_runs == 1


async def tripped(adapter: Scripted) -> None:
    raise KeyError("id")


async def down(adapter: Scripted) -> None:
    raise Outage("discord.unreachable", problem="TimeoutError")


async def finished(adapter: Scripted) -> None:
    return


@pytest.mark.parametrize("failing", [tripped, down, finished])
async def test_after_an_error_it_is_started_again_however_often_it_fails(
    failing: Callable[[Scripted], Coroutine[None, None, None]], caplog: pytest.LogCaptureFixture
) -> None:
    adapter = Scripted(*[failing] * 6, hearing)
    policy = replace(QUICK, deaf_after_s=30, first_pause_s=0.001, longest_pause_s=0.004)
    watch = AdapterWatch("x", adapter, policy)
    task = asyncio.create_task(watch.run())
    async with asyncio.timeout(20):
        while adapter.heard_at_s is None:  # noqa: ASYNC110 (the adapter knows nothing of tests)
            await asyncio.sleep(0.005)
    assert (watch.health.problem, adapter.n_runs) == (None, 7)
    assert len(caplog.records) == 6
    assert all(("Discord cannot be reached" in record.getMessage()) == (failing is down) for record in caplog.records)
    task.cancel()


async def test_while_it_waits_its_problem_is_named() -> None:
    watch = AdapterWatch("x", Scripted(tripped), replace(QUICK, deaf_after_s=30))
    task = asyncio.create_task(watch.run())
    async with asyncio.timeout(20):
        while watch.health.problem is None:  # noqa: ASYNC110 (the watch knows nothing of tests)
            await asyncio.sleep(0.005)
    assert (watch.health.problem, watch.health.n_restarts) == ("KeyError", 1)
    task.cancel()


def test_pauses_grow_to_a_bound() -> None:
    policy = WatchdogPolicy(first_pause_s=2, longest_pause_s=300)
    assert [policy.pause_s(n) for n in (1, 2, 3, 9, 10_000)] == [2, 4, 8, 300, 300]


async def test_one_that_cannot_be_stopped_is_not_started_twice() -> None:
    adapter = Scripted(stubborn)
    with pytest.raises(Unavailable):
        await AdapterWatch("x", adapter, QUICK).run()
    assert adapter.n_runs == 1
    await asyncio.sleep(0.7)


BLOCKED = """
import asyncio, time
from bot.watchdog import WatchdogPolicy, guard_loop

async def main():
    guard = asyncio.create_task(guard_loop(WatchdogPolicy(deaf_after_s=0.5, check_every_s=0.1)))
    await asyncio.sleep(1.2)
    print("still here", flush=True)
    time.sleep(30)

asyncio.run(main())
"""


def test_an_event_loop_that_stands_still_ends_the_process_with_a_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, timeout=25, check=False)
    assert done.returncode == 1
    assert done.stdout == "still here\n"
    assert "most recent call first" in done.stderr


async def test_starting_a_deaf_one_anew_does_not_make_it_look_well() -> None:
    adapter = Scripted(deaf, deaf, hearing)
    watch = AdapterWatch("x", adapter, QUICK)
    assert (watch.health.heard_s_ago, watch.health.is_deaf) == (None, False)  # it has only just begun
    task = asyncio.create_task(watch.run())
    while adapter.n_runs < 2:  # noqa: ASYNC110 (the adapter knows nothing of tests)
        await asyncio.sleep(0.005)
    assert (watch.health.n_restarts, watch.health.is_deaf) == (1, True)
    while adapter.n_runs < 3 or adapter.heard_at_s is None:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    assert not watch.health.is_deaf
    task.cancel()
