"""Small talk in the whole core: replied to at once, recorded as such, and leaving no trace in what is learned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fakes import attachment
from tests.scenarios.test_conversations import ANA, HERE, Community, opened

pytestmark = pytest.mark.usefixtures("parsed_in_process")

NOTES = b"""# Boathouse

The boathouse is open to members from April to October.

## Before you row

1. Sign the book.
2. Check the bung.

## Keys

Selma keeps the keys of the boathouse in the kitchen.
"""


@pytest.fixture
async def community(tmp_path: Path) -> AsyncIterator[Community]:
    async with opened(tmp_path) as community:
        await community.say("/index", ANA, command="index", attachments=(attachment("notes.md", NOTES),))
        yield community


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hi!", "Ask me anything"),
        ("obrigado!!", "De nada"),
        ("quem é você?", "Sou AION, um"),
        ("who are you", "AION, a bot"),
        ("are you a bot or a human?", "AION, a bot"),
        ("you're useless", "Sorry"),
        ("test 123", "It works"),
        ("🎉🎉", "🙂"),
        ("bye", "See you"),
        ("what can you do?", "What do you know about Boathouse?"),
        ("what do you know?", "• Boathouse: Before you row, Keys"),
        ("what's new?", "• Boathouse ("),
        ("summarise the boathouse", "**Keys**: Selma keeps the keys"),
        ("list the steps of the boathouse", "1. Sign the book.\n2. Check the bung."),
    ],
)
async def test_small_talk_is_replied_to_and_has_nothing_to_press(community: Community, text: str, said: str) -> None:
    (reply,) = (await community.say(text)).replies
    assert said in reply.text
    assert (reply.answer_id, reply.buttons, reply.sources) == (None, (), ())
    assert await community.rows("SELECT question, used, searched FROM answers") == [(text, "talk", None)]
    assert not await community.rows("SELECT 1 FROM turns UNION ALL SELECT 1 FROM reusable_answers")


async def test_a_greeting_is_left_out_of_the_question(community: Community) -> None:
    assert "Selma" in (await community.say("hello everyone, who keeps the keys? thanks!")).text
    assert await community.rows("SELECT question, used FROM answers") == [("who keeps the keys?", "extract")]


async def test_thanks_do_not_change_the_subject(community: Community) -> None:
    await community.say("Who keeps the keys of the boathouse?")
    await community.say("thank you!")
    await community.say("and where?")
    assert (await community.rows("SELECT searched FROM answers"))[-1] == (
        "Who keeps the keys of the boathouse?\nand where?",
    )


async def test_a_request_about_an_unknown_document_is_a_question(community: Community) -> None:
    await community.say("summarise the budget")
    assert await community.rows("SELECT used FROM answers") == [("abstained",)]


async def test_small_talk_is_no_gap(community: Community) -> None:
    await community.say("you are stupid")
    since = datetime.now(UTC) - timedelta(days=1)
    assert await community.aion._stores.gaps.unanswered(HERE, since, 10) == ()


async def test_small_talk_among_others_is_left_alone(community: Community) -> None:
    assert (await community.say("how are you?", addressed=False)).replies == []
    assert await community.rows("SELECT 1 FROM answers") == []


async def test_an_empty_space_says_that_it_knows_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as community:
        assert "not been taught" in (await community.say("what do you know?")).text
        assert "/help" in (await community.say("what can you do?")).text


async def test_punctuation_alone_is_still_refused(community: Community) -> None:
    assert "only read words" in (await community.say("?!")).text


async def test_five_questions_in_one_message_are_one_answer(community: Community) -> None:
    five = "Who keeps the keys of the boathouse? Is it open? When? Who rows? Where is the bung?"
    assert len((await community.say(five)).replies) == 1
    assert len(await community.rows("SELECT 1 FROM answers")) == 1


async def test_the_question_in_a_long_story_is_what_is_searched(community: Community) -> None:
    story = "My cousin came over and we talked about the weather and the long road. " * 50
    told = f"{story}Who keeps the keys of the boathouse? {story[:200]}"
    assert "Selma" in (await community.say(told)).text
    assert await community.rows("SELECT question, searched FROM answers") == [
        (told.strip(), "Who keeps the keys of the boathouse?")
    ]


async def test_spanish_is_answered_in_the_nearest_language(community: Community) -> None:
    await community.say("¿Quién tiene las llaves de la piscina?")
    assert await community.rows("SELECT language, used FROM answers") == [("pt", "abstained")]
