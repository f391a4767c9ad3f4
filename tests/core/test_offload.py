"""Blocking work leaves the event loop, and a pool of its own waits behind nothing else."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.offload import ThreadPool, offload


async def test_the_loop_goes_on_while_work_blocks() -> None:
    released = threading.Event()
    waiting = asyncio.create_task(offload(released.wait, timeout=30))
    await asyncio.sleep(0)
    released.set()
    assert await waiting


async def test_errors_of_the_work_are_raised_to_the_caller() -> None:
    def fail() -> None:
        raise ValueError("no such file")

    pool = ThreadPool(1, "errors")
    with pytest.raises(ValueError, match="no such file"):
        await offload(fail)
    with pytest.raises(ValueError, match="no such file"):
        await pool.run(fail)
    pool.close()


async def test_a_pool_runs_on_its_own_threads_however_full_the_default_pool_is() -> None:
    released = threading.Event()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1, "default"))
    blocked = asyncio.create_task(offload(released.wait, 30))
    behind = asyncio.create_task(offload(threading.current_thread))
    pool = ThreadPool(1, "short")
    async with asyncio.timeout(10):
        thread = await pool.run(threading.current_thread)
    assert thread.name.startswith("short")
    assert not behind.done()
    released.set()
    await asyncio.gather(blocked, behind)
    pool.close()
