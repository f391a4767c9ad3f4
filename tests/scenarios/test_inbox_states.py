"""What is taken on is kept, with its words, until it is closed: across restarts, in every order of events."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from core.storage.database import Database
from core.storage.delivery.inbox import MAX_AGE, MAX_OVERDUE, Inbox
from core.storage.schema import inbox as table
from core.types import Attachment, Message, Person, Reply, Source, SpaceId
from core.types.delivery import DeliveredPart

QUESTION = Message(
    key="discord:100",
    platform="discord",
    space=SpaceId("discord:1"),
    conversation="7",
    person=Person("discord:42", "Ana", is_moderator=True),
    text="Quando abre? 🌻",
    locale="pt-BR",
    command="ask",
    arguments={"question": "Quando abre? 🌻"},
    address={"channel": "7", "message": "100"},
)
REPLY = Reply("Às nove. [1]", "pt", 5, (Source(1, "Guia", "Horário", "às nove", 3),), private=True)
PARTS = (DeliveredPart(0, "900", "0badcafe"), DeliveredPart(1, None))


async def read() -> bytes:
    raise AssertionError("a file is never read to be kept")


async def test_a_message_comes_back_as_it_was_after_a_restart(tmp_path: Path) -> None:
    async with await Database.open(tmp_path) as database:
        assert await Inbox(database).accept(QUESTION)
    async with await Database.open(tmp_path) as database:
        (left,) = await Inbox(database).unfinished("discord")
        assert (left.message, left.reply, left.parts, left.had_files, left.n_runs) == (QUESTION, None, (), False, 1)
        assert not await Inbox(database).accept(QUESTION)


async def test_a_reply_and_what_was_shown_of_it_come_back(tmp_path: Path) -> None:
    async with await Database.open(tmp_path) as database:
        inbox = Inbox(database)
        await inbox.accept(QUESTION)
        await inbox.answer(QUESTION, REPLY)
        journal = inbox.journal(QUESTION)
        for position, part in enumerate(PARTS):
            await journal.note(position, part)
    async with await Database.open(tmp_path) as database:
        (left,) = await Inbox(database).unfinished("discord")
        assert (left.reply, left.parts) == (REPLY, PARTS)


async def test_an_attempt_taken_back_is_forgotten(database: Database) -> None:
    inbox = Inbox(database)
    await inbox.accept(QUESTION)
    journal = inbox.journal(QUESTION)
    await journal.note(0, PARTS[0])
    await journal.note(1, PARTS[1])
    await journal.note(1, None)
    await journal.note(0, replace(PARTS[0], mark="other"))
    (left,) = await inbox.unfinished("discord")
    assert left.parts == tuple(journal.parts) == (DeliveredPart(0, "900", "other"),)


async def test_files_are_counted_and_left_out(database: Database) -> None:
    with_file = replace(QUESTION, attachments=(Attachment("a.md", 5, read),))
    await Inbox(database).accept(with_file)
    (left,) = await Inbox(database).unfinished("discord")
    assert left.had_files
    assert left.message == QUESTION


async def test_nothing_of_what_was_said_is_left_once_it_is_closed(database: Database) -> None:
    inbox = Inbox(database)
    await inbox.accept(QUESTION)
    await inbox.answer(QUESTION, REPLY)
    await inbox.journal(QUESTION).note(0, PARTS[0])
    await inbox.close(QUESTION)
    (row,) = await database.rows(select(table))
    assert (row.state, row.due_at, row.message, row.reply, row.parts) == ("closed", None, None, None, None)
    assert not await inbox.accept(QUESTION)


async def test_each_platform_and_moment_sees_its_own(database: Database) -> None:
    inbox = Inbox(database)
    later = replace(QUESTION, key="discord:101")
    for message in (QUESTION, later, replace(QUESTION, key="telegram:1:2", platform="telegram")):
        await inbox.accept(message)
    await inbox.answer(later, REPLY)
    await inbox.postpone(later, timedelta(hours=1))
    assert [left.message.key for left in await inbox.unfinished("discord")] == ["discord:100"]
    await inbox.postpone(later, timedelta(0))
    assert [left.message.key for left in await inbox.unfinished("discord")] == ["discord:100", "discord:101"]


async def test_what_is_too_late_is_closed_instead(database: Database) -> None:
    inbox = Inbox(database)
    now = datetime.now(UTC)
    overdue, refused = replace(QUESTION, key="overdue"), replace(QUESTION, key="refused")
    for message in (QUESTION, overdue, refused):
        await inbox.accept(message)
    async with database.write() as connection:
        moments = {"overdue": {"due_at": now - 2 * MAX_OVERDUE}, "refused": {"seen_at": now - 2 * MAX_AGE}}
        for key, values in moments.items():
            await connection.execute(update(table).where(table.c.key == key).values(values))
    assert [left.message.key for left in await inbox.unfinished("discord")] == [QUESTION.key]
    assert {row.key for row in await database.rows(select(table).where(table.c.state == "closed"))} == set(moments)


async def test_runs_are_counted(database: Database) -> None:
    inbox = Inbox(database)
    await inbox.accept(QUESTION)
    await inbox.rerun(QUESTION)
    assert [left.n_runs for left in await inbox.unfinished("discord")] == [2]


async def test_of_many_acceptances_at_once_one_wins(database: Database) -> None:
    inbox = Inbox(database)
    assert sum(await asyncio.gather(*(inbox.accept(QUESTION) for _ in range(20)))) == 1


Event = Literal["accept", "claim", "rerun", "answer", "postpone", "note", "close"]

_NEXT: dict[tuple[str, Event], str] = {
    ("absent", "accept"): "accepted",
    ("absent", "claim"): "closed",
    ("accepted", "answer"): "answered",
    ("accepted", "close"): "closed",
    ("answered", "close"): "closed",
}
"""Every transition there is; anything else leaves the state as it was."""


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(("accept", "claim", "rerun", "answer", "postpone", "note", "close")), max_size=12))
async def test_no_order_of_events_leads_back(database: Database, events: list[Event]) -> None:
    inbox = Inbox(database)
    async with database.write() as connection:
        await connection.execute(table.delete())
    state = "absent"
    act = {
        "accept": lambda: inbox.accept(QUESTION),
        "claim": lambda: inbox.claim(QUESTION.space, QUESTION.key),
        "rerun": lambda: inbox.rerun(QUESTION),
        "answer": lambda: inbox.answer(QUESTION, REPLY),
        "postpone": lambda: inbox.postpone(QUESTION, timedelta(0)),
        "note": lambda: inbox.journal(QUESTION).note(0, PARTS[0]),
        "close": lambda: inbox.close(QUESTION),
    }
    for event in events:
        result = await act[event]()
        if event in ("accept", "claim"):
            assert result is (state == "absent")
        state = _NEXT.get((state, event), state)
        row = await database.row(select(table))
        assert (row.state if row else "absent") == state
        is_open = state in ("accepted", "answered")
        assert len(await inbox.unfinished("discord")) == is_open
        assert row is None or (row.message is not None) == is_open


async def test_an_edited_message_is_taken_on_again_over_what_is_shown(tmp_path: Path) -> None:
    edited = replace(QUESTION, text="E ao domingo?", command=None, arguments={})
    async with await Database.open(tmp_path) as database:
        inbox = Inbox(database)
        await inbox.accept(QUESTION)
        for answered in (False, True):
            if answered:
                await inbox.answer(edited, REPLY)
                await inbox.close(edited)
            await inbox.revise(edited, PARTS)
            (left,) = await inbox.unfinished("discord")
            assert (left.message, left.reply, left.parts, left.n_runs) == (edited, None, PARTS, 1)
