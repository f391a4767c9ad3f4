"""One process holds a lease at a time, and what an earlier holder still writes is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import Superseded
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.delivery.leases import HeldLease, Leases
from core.types import Message, Platform, Reply, SpaceId
from tests.fakes import message

NAME = "telegram:0123456789abcdef"
LONG, OVER = timedelta(minutes=1), timedelta(seconds=-1)


def said(text: str, key: str) -> Message:
    there = replace(message(text, key=key, space=SpaceId("telegram:-5")), platform="telegram")
    return replace(there, address={"chat": "-5", "message": "1"})


async def taken(leases: Leases, holder: str, lasting: timedelta = LONG) -> HeldLease:
    lease = await leases.acquire(NAME, holder, lasting)
    assert lease is not None
    return lease


async def test_of_many_at_once_one_holds_it(database: Database) -> None:
    leases = Leases(database)
    found = await asyncio.gather(*(leases.acquire(NAME, f"process {n}", LONG) for n in range(8)))
    assert sum(lease is not None for lease in found) == 1


async def test_every_holder_has_a_higher_epoch_also_after_a_release(database: Database) -> None:
    leases = Leases(database)
    first = await taken(leases, "one")
    assert await leases.acquire(NAME, "two", LONG) is None
    again = await taken(leases, "one")  # the same data folder after a crash: nobody else can be at it
    await leases.release(again)
    second = await taken(leases, "two", OVER)
    third = await taken(leases, "three")
    assert first.epoch < again.epoch < second.epoch < third.epoch
    assert not await leases.renew(second, LONG)
    assert await leases.renew(third, LONG)
    await leases.release(second)  # whose lease it is no longer
    assert await leases.acquire(NAME, "four", LONG) is None


async def test_who_led_before_writes_nothing_of_a_message_any_more(database: Database) -> None:
    leases, old, new = Leases(database), Inbox(database), Inbox(database)
    asked = said("When?", "telegram:1")
    old.lead("telegram", await taken(leases, "old", OVER))
    assert await old.accept(asked)
    new.lead("telegram", await taken(leases, "new"))
    late = said("Where?", "telegram:2")
    for write in (old.accept(late), old.claim(late.space, "press"), old.answer(asked, Reply("At six", "en"))):
        with pytest.raises(Superseded):
            await write
    with pytest.raises(Superseded):
        await old.close(asked)
    (left,) = await new.unfinished("telegram")
    assert (left.message.key, left.reply) == ("telegram:1", None)
    await new.answer(asked, Reply("At seven", "en"))
    await new.close(asked)
    assert await new.accept(late)


async def test_a_batch_of_a_former_leader_is_refused_as_a_whole(database: Database) -> None:
    leases, old = Leases(database), Inbox(database)
    old.lead("telegram", await taken(leases, "old", OVER))
    await taken(leases, "new")
    writes = (old.accept(said("When?", f"telegram:{n}")) for n in range(3))
    assert {type(each) for each in await asyncio.gather(*writes, return_exceptions=True)} == {Superseded}
    assert await old.count_open() == 0


async def test_another_platforms_messages_and_notices_are_nobodys_alone(database: Database) -> None:
    leases, inbox = Leases(database), Inbox(database)
    inbox.lead("telegram", await taken(leases, "old", OVER))
    await taken(leases, "new")
    notice = said("", "notice:1")
    assert await inbox.post(notice, Reply("A page has changed", "en"))  # whoever has a notice, the leader delivers it
    other = replace(said("When?", "discord:1"), platform="discord", space=SpaceId("discord:5"))
    assert await inbox.accept(other)
    platforms: tuple[Platform, ...] = ("telegram", "discord")
    assert [len(await inbox.unfinished(platform)) for platform in platforms] == [1, 1]
