from __future__ import annotations

import asyncio

from core.chat.fair_queue import FairQueue


async def test_few_work_at_a_time_and_places_take_turns() -> None:
    queue, inside, most, order = FairQueue(2), 0, 0, []

    async def work(key: str, n: int) -> None:
        nonlocal inside, most
        async with queue.turn(key):
            inside += 1
            most = max(most, inside)
            order.append(f"{key}{n}")
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work("crowd", n) for n in range(20)), work("quiet", 0), work("calm", 0))

    assert most == 2
    assert order.index("quiet0") <= 4 and order.index("calm0") <= 5
    assert [each for each in order if each.startswith("crowd")] == [f"crowd{n}" for n in range(20)]


async def test_a_turn_may_end_before_its_block_and_ends_once() -> None:
    queue = FairQueue(1)
    async with queue.turn("a") as first:
        first.end()
        async with asyncio.timeout(1), queue.turn("a"):
            first.end()
            waiting = asyncio.create_task(_pass(queue))
            await asyncio.sleep(0)
            assert not waiting.done()
    await asyncio.wait_for(waiting, 1)


async def test_who_gives_up_waiting_takes_nobody_s_turn() -> None:
    queue = FairQueue(1)
    for n_steps in range(4):  # cancelled before, while and after being called
        async with queue.turn("a"):
            leaving, staying = (asyncio.create_task(_pass(queue)) for _ in range(2))
            await asyncio.sleep(0)
            if n_steps == 0:
                leaving.cancel()
        for _ in range(n_steps - 1):
            await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait_for(staying, 1)
        await asyncio.gather(leaving, return_exceptions=True)


async def _pass(queue: FairQueue) -> None:
    async with queue.turn("a"):
        pass
