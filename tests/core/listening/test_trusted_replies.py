"""Replies to what was asked before: stitched, merged, not stored twice, and undone by who may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings
from core.types import Message, Person, Reply, SpaceId
from plugins import load_plugins
from tests.fakes import CollectingOutlet, ScriptedGenerator, WordEmbedder

GUILD = SpaceId("discord:1")
EVA, ANA = Person("discord:10", "Eva"), Person("discord:11", "Ana", is_moderator=True)
RUI = Person("discord:12", "Rui", roles=("5", "Helper"))
QUESTION, OTHER = "Where may I leave my bicycle?", "Is there a shelter against rain anywhere?"
REPLY = "In the racks by the gate, which are under a roof of their own."


@pytest.fixture
async def aion(tmp_path: Path) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as app:
        yield app


class Place:
    """Says things in one channel and returns what AION replies."""

    def __init__(self, aion: Aion) -> None:
        self.aion = aion
        self.n_said = 0

    async def say(self, person: Person, text: str, **rest: object) -> Reply:
        self.n_said += 1
        message = Message(f"discord:{self.n_said}", "discord", GUILD, "55", person, text, **rest)  # type: ignore[arg-type]
        outlet = CollectingOutlet()
        await self.aion.dispatch.inbox.accept(message)
        await self.aion.dispatch.handle(message, outlet)
        return outlet.replies[-1]

    async def call(self, person: Person, command: str, **arguments: str) -> Reply:
        return await self.say(person, "", command=command, arguments=arguments)

    async def texts(self) -> list[str]:
        documents = await self.aion.documents.list(GUILD)
        return [await self.aion.documents.text(GUILD, each.id) or "" for each in documents]


@pytest.fixture
def place(aion: Aion) -> Place:
    return Place(aion)


async def test_only_trusted_replies_teach_and_as_the_space_wants(place: Place) -> None:
    asked = await place.say(EVA, QUESTION)
    assert "don't know" in (await place.say(RUI, REPLY, declined=asked.answer_id)).text
    await place.call(ANA, "trust", what="role Helper")
    await place.call(ANA, "settings", setting="replies", value="off")
    assert "don't know" in (await place.say(RUI, REPLY, declined=asked.answer_id)).text
    await place.call(ANA, "settings", setting="replies", value="learn")
    learned = await place.say(RUI, REPLY, declined=asked.answer_id)
    assert learned.reaction == "🎓"
    assert await place.texts() == [f"# {QUESTION}\n\n{REPLY}\n"]
    [undo] = learned.buttons
    assert "moderators" in (await place.call(EVA, undo.command, message=undo.argument)).text
    assert "I forgot" in (await place.call(RUI, undo.command, message=undo.argument)).text
    assert await place.texts() == []
    assert "nothing left to undo" in (await place.call(RUI, undo.command, message=undo.argument)).text
    await place.call(ANA, "untrust", what="role Helper")
    assert "don't know" in (await place.say(RUI, REPLY, declined=asked.answer_id)).text


async def test_what_is_known_is_not_stored_twice_and_what_is_new_is_added(place: Place) -> None:
    first, second = await place.say(EVA, QUESTION), await place.say(RUI, f"Please tell me: {QUESTION}")
    await place.say(ANA, REPLY, declined=first.answer_id)
    known = await place.say(ANA, REPLY.upper(), declined=second.answer_id)
    assert "known already" in known.text
    more = await place.say(ANA, "Behind the house there is a shed, too.", declined=second.answer_id)
    assert (more.text, more.reaction) == ("", "🎓")
    assert await place.texts() == [f"# {QUESTION}\n\n{REPLY}\n\nBehind the house there is a shed, too.\n"]


async def test_the_same_reply_to_another_question_is_found_by_both(place: Place) -> None:
    first, other = await place.say(EVA, QUESTION), await place.say(EVA, OTHER)
    await place.say(ANA, REPLY, declined=first.answer_id)
    await place.say(ANA, REPLY, declined=other.answer_id)
    assert await place.texts() == [f"# {QUESTION}\n\n{REPLY}\n\n{OTHER}\n"]
