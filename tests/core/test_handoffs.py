"""Ask a human: asked once, replied to once, told exactly once, learned through review."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings
from core.types import Button, Message, Person, Platform, Reply, SpaceId
from plugins import load_plugins
from tests.fakes import CollectingOutlet, ScriptedGenerator, WordEmbedder

pytestmark = pytest.mark.usefixtures("parsed_in_process")

GUILD = SpaceId("discord:1")
EVA, ANA, RUI = (
    Person("discord:10", "Eva_"),
    Person("discord:11", "Ana", is_moderator=True),
    Person("discord:12", "Rui", is_moderator=True),
)
QUESTION = "Where may I leave my bicycle?"


@pytest.fixture
async def aion(tmp_path: Path) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as app:
        yield app


class Here:
    """Says things to AION and keeps what it replies."""

    def __init__(self, aion: Aion) -> None:
        self.aion = aion
        self.n_said = 0

    async def say(self, person: Person, text: str, *, space: SpaceId = GUILD, key: str = "", **rest: object) -> Reply:
        self.n_said += 1
        key = key or f"discord:{self.n_said}"
        platform: Platform = "discord"
        address = {"channel": "55", "asked": "7", "asker": "10", "link": "https://discord.invalid/7"}
        message = Message(key, platform, space, "55", person, text, address=address, **rest)  # type: ignore[arg-type]
        await self.aion.dispatch.inbox.accept(message)
        outlet = CollectingOutlet()
        await self.aion.dispatch.handle(message, outlet)
        return outlet.replies[-1]

    async def press(self, person: Person, button: Button, words: str = "", **rest: object) -> Reply:
        registry = self.aion.dispatch.registry
        from core.commands import CommandLine

        command = registry.get(button.command)
        assert command is not None
        arguments = CommandLine(button.command, f"{button.argument} {words}".strip()).arguments(command)
        return await self.say(person, words, command=button.command, arguments=arguments, **rest)  # type: ignore[arg-type]

    async def notices(self) -> list[tuple[str, Reply]]:
        """Return what waits to be said unasked: where, and what."""
        left = await self.aion.dispatch.inbox.unfinished("discord")
        return [(each.message.conversation, each.reply) for each in left if each.reply and each.n_runs == 0]

    async def asked(self) -> Reply:
        """Ask what AION does not know, then a human; return the card."""
        await self.say(ANA, "", command="channel", arguments={"mode": "moderators"})
        answer = await self.say(EVA, QUESTION)
        told = await self.press(EVA, button(answer, "human"))
        assert told.quiet
        assert "passed your question on" in told.text
        [(where, card)] = await self.notices()
        assert where == "55"
        return card


def button(reply: Reply, command: str) -> Button:
    return next(each for each in reply.buttons if each.command == command)


@pytest.fixture
def here(aion: Aion) -> Here:
    return Here(aion)


async def test_what_is_not_known_offers_a_human_and_what_is_rated_down_does_too(aion: Aion, here: Here) -> None:
    declined = await here.say(EVA, QUESTION)
    assert [each.command for each in declined.buttons] == ["human", "again"]
    assert declined.answer_id is not None
    thanks = [await aion.dispatch.rate(GUILD, declined.answer_id, EVA, thumb, "pt-BR") for thumb in ("up", "down")]  # type: ignore[arg-type]
    assert [[each.label for each in reply.buttons] for reply in thanks] == [[], ["🙋 Perguntar a uma pessoa"]]


async def test_sources_are_quoted_to_whoever_asks_and_a_question_is_answered_afresh(aion: Aion, here: Here) -> None:
    await aion.ingest.index_file(
        GUILD, "racks.md", b"# Racks\n\nYou may leave your bicycle in the racks by the gate.\n"
    )
    answer = await here.say(EVA, QUESTION)
    assert [each.command for each in answer.buttons] == ["sources", "again"]
    sources = await here.press(EVA, button(answer, "sources"))
    assert sources.quiet
    assert "> You may leave your bicycle in the racks by the gate." in sources.text
    again = await here.press(EVA, button(answer, "again"))
    assert "racks by the gate" in again.text
    assert again.answer_id != answer.answer_id
    elsewhere = await here.press(EVA, button(answer, "sources"), space=SpaceId("discord:2"))
    assert elsewhere.text == "That answer was not given here."
    assert "needs a number" in (await here.say(EVA, "", command="again", arguments={"answer": "x"})).text


async def test_without_a_place_for_moderators_it_says_how_to_choose_one(here: Here) -> None:
    answer = await here.say(EVA, QUESTION)
    told = await here.press(EVA, button(answer, "human"))
    assert "/channel moderators" in told.text
    assert not await here.notices()


async def test_the_card_says_what_was_asked_answered_and_why(here: Here) -> None:
    card = await here.asked()
    assert "**Eva\\_**" in card.text
    assert f"> {QUESTION}" in card.text
    assert "I had said that I don't know:" in card.text
    assert "How sure I was: 0%" in card.text
    assert "https://discord.invalid/7" in card.text
    assert [(each.command, each.argument) for each in card.buttons] == [("reply", "1")]


async def test_without_a_number_the_last_question_of_whoever_asks_is_offered(here: Here) -> None:
    async def human(person: Person, **rest: object) -> Reply:
        return await here.say(person, "", command="human", **rest)

    nothing = await human(EVA)
    assert "asked me nothing here yet" in nothing.text and not nothing.buttons and nothing.quiet
    await here.say(EVA, "Where is the bell?")
    answer = await here.say(EVA, QUESTION)
    await here.say(EVA, "Thanks!")
    offered = await human(EVA)
    assert f"> {QUESTION}" in offered.text, "thanks are no question"
    assert [(each.command, each.argument) for each in offered.buttons] == [("human", str(answer.answer_id))]
    assert "asked me nothing here yet" in (await human(RUI)).text, "what another asked is offered to nobody else"
    assert "asked me nothing here yet" in (await human(EVA, space=SpaceId("discord:2"))).text


async def test_where_moderators_meet_it_lists_what_waits(here: Here) -> None:
    await here.say(ANA, "", command="channel", arguments={"mode": "moderators"})
    assert "No question waits" in (await here.say(RUI, "", command="human")).text
    for n in range(7):
        person = Person(f"discord:{100 + n}", "Somebody")
        declined = await here.say(person, f"What is flumph number {n}?")
        await here.press(person, button(declined, "human"))
    listed = await here.say(RUI, "", command="human")
    assert "**Question 1**" in listed.text and "> What is flumph number 4?" in listed.text
    assert [(each.command, each.argument) for each in listed.buttons] == [("reply", str(n)) for n in range(1, 6)]
    await here.press(ANA, listed.buttons[0], "A jelly.")
    listed = await here.say(RUI, "", command="human")
    assert [each.label for each in listed.buttons][:1] == ["💬 Reply to 2"]
    assert "flumph" not in (await here.say(RUI, "", command="human", space=SpaceId("discord:2"))).text
    assert "flumph" not in (await here.say(EVA, "", command="human")).text, "no moderator"


async def test_asking_twice_is_asking_once(here: Here) -> None:
    await here.asked()
    again = await here.press(RUI, Button("", "human", "1"))
    assert "passed your question on" in again.text
    assert len(await here.notices()) == 1


async def test_the_first_reply_is_passed_on_and_the_second_is_told(here: Here) -> None:
    card = await here.asked()
    first = await here.press(ANA, card.buttons[0], "In the racks\nby the gate.")
    second = await here.press(RUI, card.buttons[0], "Nowhere.")
    assert "passed on" in first.text
    assert "Somebody was quicker" in second.text
    assert [each.command for each in first.buttons] == ["teach_reply"]
    assert not second.buttons
    _, (where, told) = await here.notices()
    assert where == "55"
    assert told.text == f"💬 A moderator answers your question:\n> {QUESTION}\n\nIn the racks\nby the gate."


async def test_a_reply_that_a_crash_cut_short_is_passed_on_once(aion: Aion, here: Here) -> None:
    card = await here.asked()
    moderators = aion.services.handoffs
    ana = moderators.pseudonyms.of(ANA.id)
    assert await moderators.handoffs.reply(GUILD, 1, "In the racks.", ana)  # and then the process was killed
    for _ in range(2):
        assert "is passed on" in (await here.press(ANA, card.buttons[0], "In the racks.")).text
        assert len(await here.notices()) == 2
    handoff = await moderators.handoffs.get(GUILD, 1)
    assert handoff is not None
    assert handoff.address is None


async def test_only_moderators_reply_and_only_to_what_was_asked_there(here: Here) -> None:
    card = await here.asked()
    assert "moderators" in (await here.press(EVA, card.buttons[0], "Me!")).text
    assert "no question 1" in (await here.press(ANA, card.buttons[0], "Hm", space=SpaceId("discord:2"))).text
    assert "/reply 1" in (await here.press(ANA, card.buttons[0])).text
    assert len(await here.notices()) == 1


async def test_a_reply_is_learned_with_one_press_and_answers_the_next(aion: Aion, here: Here) -> None:
    card = await here.asked()
    early = await here.press(ANA, Button("", "teach_reply", "1"))
    assert "not been answered yet" in early.text
    passed_on = await here.press(ANA, card.buttons[0], "You may leave your bicycle in the racks by the gate.")
    taught = await here.press(ANA, passed_on.buttons[0])
    assert taught.settles
    assert "Learned" in taught.text
    assert "known already" in (await here.press(RUI, passed_on.buttons[0])).text
    answer = await here.say(EVA, QUESTION)
    assert "racks by the gate" in answer.text
    [source] = answer.sources
    assert source.document == QUESTION
    assert not await aion.services.reviews.proposals.pending(GUILD)


async def test_from_a_private_chat_the_only_community_is_asked_and_of_two_neither(here: Here) -> None:
    dm = SpaceId("discord:dm:10")
    await here.say(ANA, "", command="channel", arguments={"mode": "moderators"})
    answer = await here.say(EVA, QUESTION, space=dm)
    assert "passed your question on" in (await here.press(EVA, button(answer, "human"), space=dm)).text
    [(_, card)] = await here.notices()
    await here.press(ANA, card.buttons[0], "By the gate.")
    left = await here.aion.dispatch.inbox.unfinished("discord")
    assert [each.message.space for each in left] == [GUILD, dm]
    await here.say(ANA, "", command="channel", arguments={"mode": "moderators"}, space=SpaceId("discord:2"))
    other = await here.say(EVA, "Where is the well?", space=dm)
    assert "single community" in (await here.press(EVA, button(other, "human"), space=dm)).text
