"""What cannot be written during an outage is written after it, in its order, and nothing is done again for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NoReturn

import pytest

from core.errors import DatabaseUnreachable, Superseded
from core.recorded_outlet import RecordedOutlet
from core.storage.database import Database
from core.storage.delivery import inbox_writes
from core.storage.delivery.inbox import Inbox
from core.storage.delivery.leases import Leases
from core.types import Attachment, Message, Person, Reply, SpaceId
from core.types.delivery import DeliveredPart
from tests.fakes import CollectingOutlet, attachment

HERE = SpaceId("discord:1")
OUTAGE = Reply("The database cannot be reached.", "en", outage=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_writes, "RETRY_S", 0.0)


@contextmanager
def away(database: Database) -> Iterator[None]:
    """Have the database refuse every write of the inbox in the block."""

    async def refuse(*_: object) -> NoReturn:
        raise DatabaseUnreachable("storage.unreachable", database="here")

    writing = database.write_all_durably
    database.write_all_durably = refuse  # type: ignore[method-assign]
    try:
        yield
    finally:
        database.write_all_durably = writing  # type: ignore[method-assign]


def said(key: str, *files: Attachment) -> Message:
    asker = Person("discord:5", "Ana")
    address = {"channel": "7"}
    return Message(f"discord:{key}", "discord", HERE, "7", asker, "When?", address=address, attachments=files)


async def test_what_was_answered_meanwhile_is_closed_and_what_was_not_is_left(database: Database) -> None:
    inbox = Inbox(database)
    before, meanwhile, waiting = said("1"), said("2"), said("3")
    assert await inbox.accept(before)
    with away(database):
        for each in (meanwhile, waiting):
            assert await inbox.accept(each)
        assert [inbox.is_stored(each) for each in (before, meanwhile)] == [True, False]
        for each in (before, meanwhile):
            await inbox.answer(each, Reply("At nine", "en"))
            await inbox.note(each, [DeliveredPart(0, "77")])
            await inbox.close(each)
        with pytest.raises(DatabaseUnreachable):
            await inbox.unfinished("discord")
        with pytest.raises(DatabaseUnreachable):
            await inbox.claim(before.space, "press")
    (left,) = await inbox.unfinished("discord")
    assert left.message == waiting
    assert not await inbox.accept(meanwhile)
    assert await inbox.claim(before.space, "press"), "what was refused is not done later"


async def test_what_a_stopping_process_kept_is_written_or_told(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox(database)
    await inbox.accept(said("1"))
    with away(database):
        await inbox.close(said("1"))
        await inbox.settle()
        assert "1 writes of the inbox are lost" in caplog.text
    await inbox.settle()
    assert await inbox.count_open() == 0


async def test_nothing_is_made_up_for_once_another_process_has_led(database: Database) -> None:
    leases, inbox = Leases(database), Inbox(database)

    async def lead(holder: str) -> None:
        lease = await leases.acquire("discord", holder, timedelta(0))
        assert lease is not None
        if holder == "old":
            inbox.lead("discord", lease)

    await lead("old")
    await inbox.accept(said("1"))
    with away(database):
        await inbox.close(said("1"))
    await lead("old")
    assert await inbox.unfinished("discord") == [], "it leads again, and nobody did in between"
    await inbox.accept(said("2"))
    for holders in (["new"], ["old", "new", "old"]):
        with away(database):
            await inbox.close(said("2"))
        for holder in holders:
            await lead(holder)
        if holders == ["new"]:
            with pytest.raises(Superseded):
                await inbox.unfinished("discord")
    assert [left.message for left in await inbox.unfinished("discord")] == [said("2")]


async def test_a_stored_message_is_answered_later_instead_of_told_of_the_outage(database: Database) -> None:
    inbox = Inbox(database)
    stored, unstored = said("1"), said("2")
    await inbox.accept(stored)
    with away(database):
        await inbox.accept(unstored)
        for each, told in ((stored, []), (unstored, [OUTAGE])):
            outlet = CollectingOutlet()
            recorded = RecordedOutlet(outlet, inbox, each)
            await recorded.send(OUTAGE)
            await recorded.close()
            assert outlet.replies == told
    assert await inbox.unfinished("discord") == [], "it is due in a moment"
    assert await inbox.count_open() == 1


async def test_a_message_with_files_is_told_at_once_as_they_would_be_lost(database: Database) -> None:
    inbox, outlet = Inbox(database), CollectingOutlet()
    upload = said("1", attachment("a.md", b"A"))
    await inbox.accept(upload)
    recorded = RecordedOutlet(outlet, inbox, upload)
    await recorded.send(OUTAGE)
    await recorded.close()
    assert (outlet.replies, await inbox.count_open()) == ([OUTAGE], 0)
