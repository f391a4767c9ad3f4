"""What an earlier process left is taken up a little at a time, and what is new at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from bot.delivery import backlog as module
from bot.delivery.backlog import N_AT_ONCE, Backlog
from core.errors import DatabaseUnreachable
from core.types import Message, Person, Platform, Reply, SpaceId
from core.types.delivery import UnfinishedMessage
from tests.fakes import MemoryInbox


@dataclass
class InboxAlone:
    """Of a front, all that a backlog uses."""

    inbox: MemoryInbox = field(default_factory=MemoryInbox)


def left(n: int, reply: Reply | None = None) -> UnfinishedMessage:
    person = Person(f"telegram:{n}", "Ana")
    message = Message(f"telegram:{n}", "telegram", SpaceId("telegram:1"), "1", person, "When?")
    return UnfinishedMessage(message, reply, (), False, 1)


@asynccontextmanager
async def taking_up(front: InboxAlone, finish: Callable[[UnfinishedMessage], Awaitable[None]]) -> AsyncIterator[None]:
    tasks: list[asyncio.Task[Any]] = []
    backlog = Backlog(front.inbox, "telegram", finish, lambda work: tasks.append(asyncio.create_task(work)))
    tasks.append(asyncio.create_task(backlog.run()))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_of_many_unanswered_messages_few_are_worked_on_when_the_next_crash_comes() -> None:
    front = InboxAlone()
    front.inbox.left = [left(n) for n in range(100)]
    begun: list[str] = []
    done = asyncio.Semaphore(0)

    async def finish(unfinished: UnfinishedMessage) -> None:
        begun.append(unfinished.message.key)  # from here on a crash counts against the message
        await done.acquire()

    async with taking_up(front, finish):
        await settle()
        assert begun == [f"telegram:{n}" for n in range(N_AT_ONCE)]
        done.release()
        await settle()
        assert len(begun) == N_AT_ONCE + 1


async def test_what_is_answered_already_waits_for_no_question() -> None:
    front = InboxAlone()
    front.inbox.left = [*(left(n) for n in range(100)), left(100, Reply("At nine.", "en"))]
    begun: list[str] = []

    async def finish(unfinished: UnfinishedMessage) -> None:
        begun.append(unfinished.message.key)
        await asyncio.Event().wait()

    async with taking_up(front, finish):
        await settle()
        assert "telegram:100" in begun


async def test_news_is_taken_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_EVERY_S", 3600.0)
    front = InboxAlone()
    told = asyncio.Event()

    async def finish(unfinished: UnfinishedMessage) -> None:
        front.inbox.left.remove(unfinished)
        told.set()

    async with taking_up(front, finish):
        for _ in range(2):
            await settle()
            front.inbox.left.append(left(1, Reply("A question waits for you.", "en")))
            front.inbox.arrived.set()
            await asyncio.wait_for(told.wait(), 5)
            told.clear()


async def test_an_outage_of_the_database_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_EVERY_S", 0.0)
    front, told, n_refused = InboxAlone(), asyncio.Event(), 0
    front.inbox.left = [left(1)]
    looking = front.inbox.unfinished

    async def unfinished(platform: Platform) -> Sequence[UnfinishedMessage]:
        nonlocal n_refused
        if n_refused < 3:
            n_refused += 1
            raise DatabaseUnreachable("storage.unreachable", database="here")
        return await looking(platform)

    async def finish(unfinished: UnfinishedMessage) -> None:
        front.inbox.left.clear()
        told.set()

    monkeypatch.setattr(front.inbox, "unfinished", unfinished)
    async with taking_up(front, finish):
        await asyncio.wait_for(told.wait(), 5)
    assert n_refused == 3


class SlowInbox(MemoryInbox):
    """Its database has read, or written, a while before whoever asked for it hears of that."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.read = asyncio.Event(), asyncio.Event()
        self.n_looks = 0

    async def accept(self, message: Message) -> bool:
        is_new = await super().accept(message)
        self.left.append(UnfinishedMessage(message, None, (), False, 1))
        await self.written.wait()
        return is_new

    async def unfinished(self, platform: Platform) -> Sequence[UnfinishedMessage]:
        found = await super().unfinished(platform)
        self.n_looks += 1
        await self.read.wait()
        return found


@pytest.mark.parametrize("is_done_meanwhile", [True, False])
async def test_what_is_being_answered_is_not_answered_beside_that(is_done_meanwhile: bool) -> None:
    front, resumed = InboxAlone(SlowInbox()), []
    inbox = cast(SlowInbox, front.inbox)
    tasks: set[asyncio.Task[None]] = set()

    async def finish(unfinished: UnfinishedMessage) -> None:
        resumed.append(unfinished.message.key)

    backlog = Backlog(front.inbox, "telegram", finish, lambda work: tasks.add(asyncio.create_task(work)))
    message = left(1).message
    going_on = asyncio.Event()

    async def answer() -> None:
        async with backlog.accepted(message) as is_new:
            assert is_new
            await going_on.wait()
            await inbox.close(message)

    answering = asyncio.create_task(answer())
    await settle()  # written down, though nobody was told so far
    looking = asyncio.create_task(backlog.run())
    await settle()
    assert inbox.n_looks == 1  # it has found the message
    if is_done_meanwhile:
        inbox.written.set()
        going_on.set()
        await answering
    inbox.read.set()
    await settle()
    assert resumed == []
    inbox.written.set()
    going_on.set()
    await answering
    looking.cancel()
    await asyncio.gather(looking, *tasks, return_exceptions=True)
