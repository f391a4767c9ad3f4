from __future__ import annotations

import asyncio

from core.chat.fair_queue import FairQueue
from core.types import SpaceId

CROWD, QUIET, CALM = SpaceId("discord:1"), SpaceId("discord:2"), SpaceId("discord:3")


async def test_few_work_at_a_time_and_spaces_take_turns() -> None:
    queue, inside, most, order = FairQueue(2), 0, 0, []

    async def work(space: SpaceId, n: int) -> None:
        nonlocal inside, most
        async with queue.turn(space, f"{space}/{n}"):
            inside += 1
            most = max(most, inside)
            order.append((space, n))
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(work(CROWD, n) for n in range(20)), work(QUIET, 0), work(CALM, 0))

    assert most == 2
    assert order.index((QUIET, 0)) <= 4 and order.index((CALM, 0)) <= 5
    assert [n for space, n in order if space == CROWD] == list(range(20))


async def test_people_of_a_space_take_turns_and_one_person_s_tasks_run_one_at_a_time() -> None:
    queue, order, running, most = FairQueue(4), [], 0, 0

    async def work(space: SpaceId, person: str, n: int) -> None:
        nonlocal running, most
        async with queue.turn(space, person) as turn:
            order.append(f"{person}{n}")
            is_flood = person == "flood"
            running += is_flood
            most = max(most, running)
            turn.end()
            await asyncio.sleep(0)
            running -= is_flood

    flood = [work((CROWD, QUIET, CALM)[n % 3], "flood", n) for n in range(60)]
    await asyncio.gather(*flood, work(CROWD, "ana", 0), work(QUIET, "rui", 0), work(CALM, "ana", 1))

    assert most == 1
    assert max(order.index(each) for each in ("ana0", "rui0", "ana1")) <= 4
    assert len(order) == 63


async def test_a_turn_may_end_before_its_block_and_ends_once() -> None:
    queue = FairQueue(1)
    async with queue.turn(CROWD, "a") as first:
        first.end()
        async with asyncio.timeout(1), queue.turn(CROWD, "b"):
            first.end()
            waiting = asyncio.create_task(_pass(queue, "c"))
            await asyncio.sleep(0)
            assert not waiting.done()
    await asyncio.wait_for(waiting, 1)


async def test_who_gives_up_waiting_takes_nobody_s_turn() -> None:
    for person in ("a", "b"):  # behind oneself, and behind another
        queue = FairQueue(1)
        for n_steps in range(4):  # cancelled before, while and after being called
            async with queue.turn(CROWD, "a"):
                leaving, staying = (asyncio.create_task(_pass(queue, person)) for _ in range(2))
                await asyncio.sleep(0)
                if n_steps == 0:
                    leaving.cancel()
            for _ in range(n_steps - 1):
                await asyncio.sleep(0)
            leaving.cancel()
            await asyncio.wait_for(staying, 1)
            await asyncio.gather(leaving, return_exceptions=True)


async def _pass(queue: FairQueue, person: str) -> None:
    async with queue.turn(CROWD, person):
        pass
