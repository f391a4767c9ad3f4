"""Conversations: what a follow-up is searched for, whose it is, and how long it is remembered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.chat.channels import Channels
from core.chat.conversation import IDLE_TIMEOUT, ConversationPlace, Conversations
from core.privacy.pseudonyms import Pseudonyms
from core.storage.database import Database
from core.storage.spaces import Spaces
from core.storage.turns import Turns
from core.types import Person, SpaceId
from tests.fakes import message

ANA, RUI = Person("discord:1", "Ana"), Person("discord:2", "Rui")
HERE = SpaceId("discord:9")
OPENING = "When does the library open?"


@dataclass
class Clock:
    now: datetime = datetime(2030, 5, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Talk:
    """People talking to AION."""

    database: Database
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        pseudonyms, channels = Pseudonyms(b"k" * 32), Channels(Spaces(self.database))
        self.conversations = Conversations(Turns(self.database), channels, pseudonyms, self.clock)

    async def says(
        self,
        text: str,
        person: Person = ANA,
        conversation: str = "general",
        space: SpaceId = HERE,
        branched_from: str | None = None,
    ) -> str:
        place = ConversationPlace(space, conversation, branched_from)
        condensed = await self.conversations.condense(place, person, text)
        await self.conversations.remember(condensed)
        self.clock.now += timedelta(seconds=20)
        return condensed.search_text


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    async with await Database.open(tmp_path) as database:
        yield Talk(database)


async def test_a_follow_up_is_searched_with_the_question_it_follows(talk: Talk) -> None:
    assert await talk.says(OPENING) == OPENING
    assert await talk.says("and on Sundays?") == f"{OPENING}\nand on Sundays?"


async def test_the_follow_ups_between_are_left_out(talk: Talk) -> None:
    await talk.says(OPENING)
    await talk.says("and on Sundays?")
    assert await talk.says("e aos feriados?") == f"{OPENING}\ne aos feriados?"


async def test_a_question_that_stands_on_its_own_changes_the_topic(talk: Talk) -> None:
    await talk.says(OPENING)
    choir = "Quem rege o coral da comunidade?"
    assert await talk.says(choir) == choir
    assert await talk.says("quanto custa?") == f"{choir}\nquanto custa?"


async def test_a_follow_up_of_nothing_is_searched_as_it_is(talk: Talk) -> None:
    assert await talk.says("and on Sundays?") == "and on Sundays?"
    assert await talk.says("why?") == "and on Sundays?\nwhy?"


@pytest.mark.parametrize(
    "elsewhere",
    [{"person": RUI}, {"conversation": "general:topic 7"}, {"space": SpaceId("discord:8")}],
    ids=["another person", "another topic", "another server"],
)
async def test_sessions_are_isolated(talk: Talk, elsewhere: dict[str, object]) -> None:
    await talk.says(OPENING)
    assert await talk.says("and on Sundays?", **elsewhere) == "and on Sundays?"  # type: ignore[arg-type]
    assert await talk.says("and on Mondays?") == f"{OPENING}\nand on Mondays?"


async def test_people_interleaved_in_one_channel_keep_their_own_thread(talk: Talk) -> None:
    await talk.says(OPENING)
    await talk.says("Who repairs bicycles here?", RUI)
    assert await talk.says("and on Sundays?") == f"{OPENING}\nand on Sundays?"
    assert await talk.says("how much is it?", RUI) == "Who repairs bicycles here?\nhow much is it?"


async def test_a_thread_goes_on_from_its_channel_and_then_has_a_session_of_its_own(talk: Talk) -> None:
    await talk.says(OPENING)
    thread = {"conversation": "thread", "branched_from": "general"}
    assert await talk.says("and on Sundays?", RUI, **thread) == "and on Sundays?"
    assert await talk.says("and on Sundays?", **thread) == f"{OPENING}\nand on Sundays?"
    await talk.says("Who repairs bicycles here?")
    assert await talk.says("and on Mondays?", **thread) == f"{OPENING}\nand on Mondays?"


async def test_new_in_a_thread_forgets_what_it_goes_on_from(talk: Talk) -> None:
    await talk.says(OPENING)
    said = message("/new", key="1", person=ANA, space=HERE, command="new", branched_from="general")
    await talk.conversations.of(said).start_afresh()
    assert await talk.says("and on Sundays?", conversation=HERE, branched_from="general") == "and on Sundays?"


async def test_an_idle_session_starts_afresh(talk: Talk) -> None:
    await talk.says(OPENING)
    talk.clock.now += IDLE_TIMEOUT - timedelta(seconds=20)
    assert await talk.says("and on Sundays?") == f"{OPENING}\nand on Sundays?"
    talk.clock.now += IDLE_TIMEOUT
    assert await talk.says("and on Sundays?") == "and on Sundays?"


async def test_new_clears_the_callers_session_alone(talk: Talk) -> None:
    await talk.says(OPENING)
    await talk.says("Who repairs bicycles here?", RUI)
    here = talk.conversations.of(message("/new", key="1", person=ANA, space=HERE, command="new"))
    await here.start_afresh()  # said in the conversation named after the space, so nothing of #general is touched
    assert await talk.says("and on Sundays?") == f"{OPENING}\nand on Sundays?"
    await talk.says(OPENING, conversation=HERE)
    await here.start_afresh()
    assert await talk.says("and on Sundays?", conversation=HERE) == "and on Sundays?"
    assert await talk.says("how much is it?", RUI) == "Who repairs bicycles here?\nhow much is it?"


async def test_it_survives_a_restart_under_a_pseudonym(tmp_path: Path) -> None:
    async with await Database.open(tmp_path) as database:
        await Talk(database).says(OPENING)
    async with await Database.open(tmp_path) as database:
        assert await Talk(database).says("and on Sundays?") == f"{OPENING}\nand on Sundays?"
    assert b"discord:1" not in (tmp_path / "aion.db").read_bytes()


# --- channels ------------------------------------------------------------------------------------


async def test_a_channel_is_free_only_where_a_moderator_said_so(tmp_path: Path) -> None:
    async with await Database.open(tmp_path) as database:
        spaces = Spaces(database)
        await spaces.change_settings(HERE, lambda settings: {**settings, "kept": 1})
        channels = Channels(spaces)
        assert await channels.mode(HERE, "general") == "mention"
        await channels.set_mode(HERE, "general", "free")
        await channels.set_mode(HERE, "random", "free")
        await channels.set_mode(HERE, "random", "mention")
        assert await channels.mode(HERE, "general") == "free"
        assert await channels.mode(HERE, "random") == "mention"
        assert await channels.mode(SpaceId("discord:8"), "general") == "mention"
    async with await Database.open(tmp_path) as database:
        assert await Channels(Spaces(database)).mode(HERE, "general") == "free"
        known = await Spaces(database).get(HERE)
        assert known is not None
        assert known.settings["kept"] == 1
