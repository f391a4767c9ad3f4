"""What is said in watched channels is kept while it goes on, and what it teaches is proposed once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, select

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings
from core.storage.schema import channel_messages
from core.types import ChannelPlace, HeardMessage, Message, Person, SpaceId, Watch
from core.types.exported_message import ExportedMessage
from plugins import load_plugins
from tests.fakes import CollectingOutlet, ScriptedGenerator, WordEmbedder

GUILD = SpaceId("discord:1")
ANA = Person("discord:11", "Ana", is_moderator=True)
EVA, RUI = "discord:10", "discord:12"
GATE = "How do I open the gate of the yard at night?"
ANSWER = "Type 47 on the panel by the wall and press the star."


@pytest.fixture
async def aion(tmp_path: Path) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as app:
        yield app


async def call(aion: Aion, command: str, person: Person = ANA, **arguments: str) -> str:
    outlet = CollectingOutlet()
    key = f"discord:call:{command}:{datetime.now(UTC).timestamp()}"
    message = Message(key, "discord", GUILD, "55", person, "", command=command, arguments=arguments)
    await aion.dispatch.inbox.accept(message)
    await aion.dispatch.handle(message, outlet)
    return outlet.replies[-1].text


async def watched(aion: Aion) -> Watch:
    assert "Watching <#77> as #1" in await call(aion, "watch", channel="77")
    [watch] = await aion.services.channels.watching("discord")
    return watch


def said(n: int, author: str, text: str, *, ago: timedelta = timedelta(hours=2), reply_to: int = 0) -> ExportedMessage:
    key = f"discord:{n}"
    answered = f"discord:{reply_to}" if reply_to else ""
    when = datetime.now(UTC) - ago + timedelta(seconds=n)
    return ExportedMessage(key, "help", author, text, when, f"https://discord.invalid/{n}", reply_to=answered)


SOLVED = (
    said(1, EVA, f"Hi <@12>! {GATE}"),
    said(2, RUI, ANSWER, reply_to=1),
    said(3, EVA, "thanks, that worked", reply_to=2),
)


async def keep(aion: Aion, watch: Watch, messages: Sequence[ExportedMessage]) -> None:
    place = ChannelPlace("77", GUILD, cursor=messages[-1].key, is_read=True)
    await aion.services.channels.keep(watch, [place], messages)


async def test_what_is_solved_is_proposed_once_with_consent(aion: Aion) -> None:
    watch, channels = await watched(aion), aion.services.channels
    await keep(aion, watch, SOLVED)
    await keep(aion, watch, SOLVED)
    assert "3 messages read, 1 of 1 place" in await call(aion, "watch")
    assert await channels.settle(watch) == 0, "its authors have not agreed"
    for person in (EVA, RUI):
        await call(aion, "consent", Person(person, "Member"), decision="yes")
    [waiting] = await aion.services.reviews.proposals.pending(GUILD)
    assert waiting.text == f"# {GATE}\n\n{ANSWER}\n"
    assert await channels.settle(watch) == 0
    database = aion.documents._database
    kept = await database.rows(_select_messages())
    assert not [row for row in kept if "discord:1" in row.person or "<@" in str(row.message)]


async def test_what_is_not_over_waits_and_what_is_edited_is_proposed_anew(aion: Aion) -> None:
    watch, channels = await watched(aion), aion.services.channels
    for person in (EVA, RUI):
        await call(aion, "consent", Person(person, "Member"), decision="yes")
    await keep(aion, watch, [said(n, each.author, each.text, ago=timedelta(0)) for n, each in enumerate(SOLVED, 1)])
    assert await channels.settle(watch) == 0, "it may go on"
    await aion.dispatch.hear_deletion(GUILD, "discord:3")
    await keep(aion, watch, [said(n, each.author, each.text) for n, each in enumerate(SOLVED, 11)])
    assert await channels.settle(watch) == 1
    [waiting] = await aion.services.reviews.proposals.pending(GUILD)
    edited = Message("discord:12", "discord", GUILD, "77", Person(RUI, "Rui"), "Type 48 on the panel by the wall.")
    await aion.dispatch.hear_edit(HeardMessage(edited, datetime.now(UTC), _is_no_moderator))
    [now] = await aion.services.reviews.proposals.pending(GUILD)
    assert "Type 48" in now.text
    assert now.id != waiting.id
    assert await channels.settle(watch) == 0, "the kept message says the same by now"
    await call(aion, "forget_me", Person(RUI, "Rui"), sure="yes")
    assert await aion.services.reviews.proposals.pending(GUILD) == ()


async def test_what_few_can_read_is_proposed_to_them_alone(aion: Aion) -> None:
    watch, channels, few = await watched(aion), aion.services.channels, SpaceId(f"{GUILD}/channel-77")
    for person in (EVA, RUI):
        await call(aion, "consent", Person(person, "Member"), decision="yes")
    await channels.keep(watch, [ChannelPlace("77", few, cursor="3", is_read=True)], SOLVED)
    assert await channels.settle(watch) == 1
    proposals = aion.services.reviews.proposals
    assert await proposals.pending(GUILD) == ()
    [waiting] = await proposals.pending(few)
    await aion.dispatch.hear_deletion(GUILD, "discord:2")
    assert await proposals.pending(few) == ()
    assert waiting.space == few


async def test_stopping_forgets_what_was_kept(aion: Aion) -> None:
    watch = await watched(aion)
    await keep(aion, watch, SOLVED)
    await call(aion, "watch", what="stop 1")
    await keep(aion, watch, SOLVED)
    assert not await aion.documents._database.rows(_select_messages())


async def _is_no_moderator() -> bool:
    return False


def _select_messages() -> Select[Any]:
    return select(channel_messages)
