"""Edits, deletions and erasure reach what was learned of messages, wherever it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings
from core.types import HeardMessage, Message, Person, SpaceId
from plugins import load_plugins
from tests.fakes import CollectingOutlet, ScriptedGenerator, WordEmbedder

GUILD = SpaceId("discord:1")
EVA, ANA = Person("discord:10", "Eva"), Person("discord:11", "Ana", is_moderator=True)
QUESTION = "Where may I leave my bicycle?"
REPLY, MORE = "In the racks by the gate, under the roof.", "They are locked at night."


@pytest.fixture
async def aion(tmp_path: Path) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as app:
        yield app


def said(person: Person, text: str, key: str, **rest: object) -> Message:
    return Message(key, "discord", GUILD, "55", person, text, **rest)  # type: ignore[arg-type]


async def handle(aion: Aion, message: Message) -> CollectingOutlet:
    outlet = CollectingOutlet()
    await aion.dispatch.inbox.accept(message)
    await aion.dispatch.handle(message, outlet)
    return outlet


def heard(message: Message, reply_to: str = "") -> HeardMessage:
    async def moderates() -> bool:
        return message.person.is_moderator

    return HeardMessage(message, datetime.now(UTC), moderates, reply_to)


async def taught(aion: Aion) -> None:
    """Let Ana answer Eva's question in two messages."""
    asked = await handle(aion, said(EVA, QUESTION, "discord:1"))
    declined = asked.replies[-1].answer_id
    await handle(aion, said(ANA, REPLY, "discord:2", declined=declined))
    more = await aion.dispatch.hear(heard(said(ANA, MORE, "discord:3")))
    assert more is not None
    agree = said(ANA, "", "discord:4", command="consent", arguments={"decision": "yes"})
    await handle(aion, agree)
    await handle(aion, more)


async def text_of(aion: Aion) -> str:
    documents = await aion.documents.list(GUILD)
    return (await aion.documents.text(GUILD, documents[0].id) or "") if documents else ""


async def test_edits_and_deletions_reach_a_document(aion: Aion) -> None:
    await taught(aion)
    assert await text_of(aion) == f"# {QUESTION}\n\n{REPLY}\n\n{MORE}\n"
    await aion.dispatch.hear_edit(heard(said(ANA, "In the yard, behind the house.", "discord:2")))
    assert await text_of(aion) == f"# {QUESTION}\n\nIn the yard, behind the house.\n\n{MORE}\n"
    await aion.dispatch.hear_edit(heard(said(ANA, "My key is password: Made-Up-1", "discord:3")))
    assert await text_of(aion) == f"# {QUESTION}\n\nIn the yard, behind the house.\n"
    await aion.dispatch.hear_deletion(GUILD, "discord:2")
    assert await text_of(aion) == ""


async def test_the_question_goes_with_all_that_answers_it(aion: Aion) -> None:
    await taught(aion)
    await aion.dispatch.hear_edit(heard(said(EVA, "Hi! Where may we leave our bicycles?", "discord:1")))
    [waiting] = await aion.services.reviews.proposals.pending(GUILD)
    assert waiting.text.startswith("# Where may we leave our bicycles?\n\n"), "who asks is not trusted"
    await aion.dispatch.hear_deletion(GUILD, "discord:1")
    assert await text_of(aion) == ""
    assert await aion.services.reviews.proposals.pending(GUILD) == ()


async def test_an_edit_of_what_waits_replaces_the_proposal(aion: Aion) -> None:
    await handle(
        aion, said(ANA, "", "discord:9", command="settings", arguments={"setting": "replies", "value": "propose"})
    )
    await taught(aion)
    proposals = aion.services.reviews.proposals
    [waiting] = await proposals.pending(GUILD)
    await aion.dispatch.hear_edit(heard(said(ANA, "In the yard, behind the house.", "discord:2")))
    [now] = await proposals.pending(GUILD)
    assert now.text == f"# {QUESTION}\n\nIn the yard, behind the house.\n\n{MORE}\n"
    earlier = await proposals.get(GUILD, waiting.id)
    assert earlier is not None
    assert (earlier.status, earlier.text) == ("withdrawn", "")
    late = await handle(aion, said(ANA, "", "discord:8", command="approve", arguments={"what": str(waiting.id)}))
    assert "waits no longer" in late.replies[-1].text
    await aion.dispatch.hear_deletion(GUILD, "discord:1")
    assert await proposals.pending(GUILD) == ()


@pytest.mark.parametrize("person", [EVA, ANA])
async def test_who_is_forgotten_takes_their_words_along(aion: Aion, person: Person) -> None:
    await taught(aion)
    rights = aion.services.rights
    assert (await rights.of(said(person, "", "discord:7")).kept())["learned_messages"] > 0
    erased = await rights.of(said(person, "", "discord:7")).forget()
    assert erased["learned_texts"] == 1
    assert await text_of(aion) == ""
