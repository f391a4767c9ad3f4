"""One process leads a bot: the others stand by, take over, and whoever led before stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from bot.replicas.leadership import Leadership, LeadershipPace, lease_name
from core.errors import Superseded, Unavailable
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.delivery.leases import HeldLease, Leases

NAME = lease_name("telegram", "123:made-up-token")
QUICK = LeadershipPace(timedelta(seconds=60), timedelta(seconds=0.02), timedelta(seconds=0.02))
PATIENCE_S = 30


class OnAndOff(Leases):
    """The leases of a database that can be out of reach."""

    is_reachable = True

    async def renew(self, lease: HeldLease, lasting: timedelta) -> bool:
        if not self.is_reachable:
            raise Unavailable("storage.unreachable", database="db")
        return await super().renew(lease, lasting)

    async def acquire(self, name: str, holder: str, lasting: timedelta) -> HeldLease | None:
        if not self.is_reachable:
            raise Unavailable("storage.unreachable", database="db")
        return await super().acquire(name, holder, lasting)

    async def release(self, lease: HeldLease) -> None:
        if not self.is_reachable:
            raise Unavailable("storage.unreachable", database="db")
        await super().release(lease)


class Process:
    """A process that wants to lead: what it does as the leader, and how often it has begun to."""

    def __init__(self, database: Database, holder: str, pace: LeadershipPace = QUICK) -> None:
        self.leases = OnAndOff(database)
        self.n_taken_over = 0
        box = Inbox(database)
        self.leadership = Leadership(self.leases, box, "telegram", NAME, holder, pace, self._taken_over)
        self.n_begun = 0
        self.is_at_work = False

    def _taken_over(self) -> None:
        self.n_taken_over += 1

    async def work(self) -> None:
        self.n_begun, self.is_at_work = self.n_begun + 1, True
        try:
            await asyncio.Event().wait()
        finally:
            self.is_at_work = False

    async def until_at_work(self, is_at_work: bool = True) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.is_at_work is not is_at_work:  # noqa: ASYNC110 (the database says who works)
                await asyncio.sleep(0.01)


@asynccontextmanager
async def standing_by(*processes: Process) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(each.leadership.stand_by(each.work)) for each in processes]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def test_a_bot_has_another_leader_in_under_15_seconds_and_its_lease_does_not_tell_its_token() -> None:
    pace = LeadershipPace()
    assert pace.lasting + pace.look < timedelta(seconds=12)  # which leaves three to connect in
    assert pace.renew * 3 < pace.lasting
    assert "made-up" not in NAME and lease_name("telegram", "124:made-up-token") != NAME


async def test_the_second_takes_over_at_once_when_the_first_stops(database: Database) -> None:
    first, second = Process(database, "one"), Process(database, "two")
    async with standing_by(first) as [leading]:
        await first.until_at_work()
        async with standing_by(second):
            await asyncio.sleep(0.1)
            assert (first.is_at_work, second.n_begun) == (True, 0)
            leading.cancel()
            with suppress(asyncio.CancelledError):
                await leading
            await second.until_at_work()
            assert (first.n_taken_over, second.n_taken_over) == (0, 1)


async def test_who_is_superseded_stops_and_stands_by(database: Database) -> None:
    first = Process(database, "one")
    async with standing_by(first):
        await first.until_at_work()
        other = await Leases(database).acquire(NAME, "one", timedelta(minutes=1))  # a copy of its data folder
        assert other is not None and other.epoch == 2
        await first.until_at_work(False)


async def test_a_gateway_whose_lease_cannot_be_renewed_steps_down_and_comes_back(database: Database) -> None:
    pace = LeadershipPace(timedelta(seconds=0.2), timedelta(seconds=0.02), timedelta(seconds=0.02))
    gateway = Process(database, "one", pace)
    async with standing_by(gateway):
        await gateway.until_at_work()
        gateway.leases.is_reachable = False
        await gateway.until_at_work(False)
        gateway.leases.is_reachable = True
        await gateway.until_at_work()
    assert gateway.n_begun >= 2


async def test_a_single_process_goes_on_through_an_outage_and_says_when_it_is_superseded(database: Database) -> None:
    pace = LeadershipPace(timedelta(seconds=0.1), timedelta(seconds=0.02), timedelta(seconds=0.02))
    single = Process(database, "one", pace)
    running = asyncio.create_task(single.leadership.insist(single.work))
    await single.until_at_work()
    single.leases.is_reachable = False
    await asyncio.sleep(0.3)
    assert (single.is_at_work, single.n_begun) == (True, 1)
    single.leases.is_reachable = True
    await Leases(database).acquire(NAME, "one", timedelta(minutes=1))
    with pytest.raises(Unavailable) as raised:
        await running
    assert raised.value.key == "run.superseded"


async def test_a_second_process_on_one_token_says_so(database: Database) -> None:
    short = LeadershipPace(timedelta(seconds=0.05), timedelta(seconds=0.02), timedelta(seconds=0.02))
    await Leases(database).acquire(NAME, "one", timedelta(minutes=1))
    second = Process(database, "two", short)
    with pytest.raises(Unavailable) as raised:
        await second.leadership.insist(second.work)
    assert (raised.value.key, raised.value.values, second.n_begun) == ("run.led_elsewhere", {"platform": "Telegram"}, 0)


async def test_what_ends_the_work_ends_the_leadership(database: Database) -> None:
    async def refuse() -> None:
        raise Unavailable("telegram.bad_token")

    with pytest.raises(Unavailable) as raised:
        await Process(database, "one").leadership.stand_by(refuse)
    assert raised.value.key == "telegram.bad_token"
    assert await Leases(database).acquire(NAME, "two", timedelta(minutes=1)) is not None


async def test_work_that_learns_first_that_another_leads_is_left_and_stands_by(database: Database) -> None:
    process = Process(database, "one")

    async def refused() -> None:
        process.n_begun += 1
        if process.n_begun == 1:
            raise Superseded
        await asyncio.Event().wait()

    standing = asyncio.create_task(process.leadership.stand_by(refused))
    async with asyncio.timeout(PATIENCE_S):
        while process.n_begun < 2:  # noqa: ASYNC110 (the database says who works)
            await asyncio.sleep(0.01)
    standing.cancel()
    with suppress(asyncio.CancelledError):
        await standing
