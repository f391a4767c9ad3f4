"""The whole core with light models: follow-ups are understood, limits are told, unasked questions answered if sure."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import text as sql

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings
from core.storage.database import Database
from core.types import Confidence, Decision, Person, SearchResult, SpaceId
from plugins import load_plugins
from tests.fakes import CollectingOutlet, ScriptedGenerator, WordEmbedder, attachment, message

pytestmark = pytest.mark.usefixtures("parsed_in_process")

HERE = SpaceId("discord:1")
ANA = Person("discord:11", "Ana", is_moderator=True)
RUI = Person("discord:12", "Rui")
NOTES = b"""# Library

The library opens at nine on weekdays.

# Choir

The choir rehearses with Selma on Fridays.
"""


class WordGate:
    """Sure when the best passage holds most of the question's words; otherwise it gives up."""

    def decide(self, found: SearchResult) -> Decision:
        n_matched = len(found.hits[0].matched) if found.hits else 0
        share = n_matched / max(1, len(found.question.terms))
        return Decision("local" if share > 0.5 else "abstain", Confidence(share, share))


class SilentModel(ScriptedGenerator):
    """A local model that speaks no language, so that answers are quoted."""

    style: Literal["brief", "full"] = "full"

    def warm(self) -> None:
        """Nothing to load."""


@dataclass
class Community:
    """A running AION with one channel, and a folder to look into."""

    aion: Aion
    data_dir: Path
    n_said: int = 0

    async def say(self, text: str, person: Person = RUI, *, key: str = "", **rest: Any) -> CollectingOutlet:
        self.n_said += 1
        said = message(text, key=key or f"discord:{self.n_said}", person=person, space=HERE)
        outlet = CollectingOutlet()
        await self.aion.dispatch.handle(replace(said, platform="discord", conversation="5", **rest), outlet)
        return outlet

    async def call(self, name: str, person: Person = ANA, **arguments: str) -> str:
        return (await self.say(f"/{name}", person, command=name, arguments=arguments)).text

    async def teach(self) -> None:
        taught = await self.say("/index", ANA, command="index", attachments=(attachment("notes.md", NOTES),))
        assert "notes.md" in taught.text

    async def rows(self, query: str) -> list[Any]:
        async with await Database.open_shared(self.data_dir) as database:
            return [tuple(row) for row in await database.rows(sql(query))]


@asynccontextmanager
async def opened(data_dir: Path, **limits: float) -> AsyncIterator[Community]:
    names = {f"AION_LIMIT_{name.upper()}_PER_MINUTE": value for name, value in limits.items()}
    settings = Settings(_env_file=None, AION_DATA_DIR=data_dir, **names)
    model = SilentModel([], languages=frozenset())
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=model, gate=WordGate()) as aion:
        yield Community(aion, data_dir)


@pytest.fixture
async def community(tmp_path: Path) -> AsyncIterator[Community]:
    async with opened(tmp_path) as community:
        await community.teach()
        yield community


# --- follow-ups ----------------------------------------------------------------------------------


async def test_a_follow_up_is_answered_and_stored_as_asked_and_as_searched(community: Community) -> None:
    await community.say("When does the choir rehearse?")
    assert "Selma" in (await community.say("and with whom?")).text
    assert await community.rows("SELECT question, searched, used FROM answers") == [
        ("When does the choir rehearse?", None, "extract"),
        ("and with whom?", "When does the choir rehearse?\nand with whom?", "extract"),
    ]
    assert not await community.rows("SELECT 1 FROM turns WHERE person LIKE '%:%'")


async def test_nobody_follows_up_on_someone_elses_question(community: Community) -> None:
    await community.say("When does the choir rehearse?", ANA)
    assert "know" in (await community.say("and with whom?", RUI)).text


async def test_new_forgets_what_came_before(community: Community) -> None:
    await community.say("When does the choir rehearse?")
    assert "fresh" in await community.call("new", RUI)
    assert "know" in (await community.say("and with whom?")).text


async def test_a_session_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as community:
        await community.teach()
        await community.say("When does the choir rehearse?")
    async with opened(tmp_path) as community:
        assert "Selma" in (await community.say("and with whom?", key="discord:after")).text


# --- what is behind an answer --------------------------------------------------------------------


async def test_sources_show_the_rest_of_the_passage_or_what_was_quoted_of_one_that_is_gone(
    community: Community,
) -> None:
    pool = b"# Pool\n\nThe pool is heated in winter.\n\n" + b"Towels are lent at the desk.\n\n" * 30 + b"Caps are worn."
    await community.say("/index", ANA, command="index", attachments=(attachment("pool.md", pool),))
    told = (await community.say("Is the pool heated in winter?")).replies[0]
    assert "heated" in told.text and "Caps are worn" not in told.text
    opened = await community.call("sources", answer=str(told.answer_id))
    assert "heated" in opened and "Towels are lent" in opened
    await community.call("forget", document="pool.md")
    assert "heated" in await community.call("sources", answer=str(told.answer_id))


# --- when it speaks ------------------------------------------------------------------------------


async def test_moderators_alone_free_a_channel_and_take_it_back(community: Community) -> None:
    dispatch = community.aion.dispatch
    assert "moderators" in await community.call("channel", RUI, mode="free")
    assert not await dispatch.is_free_channel(HERE, "5")
    assert "sideways" in await community.call("channel", mode="sideways")
    assert "unasked" not in await community.call("channel")
    await community.call("channel", mode="mode:free")
    assert await dispatch.is_free_channel(HERE, "5")
    assert not await dispatch.is_free_channel(HERE, "6")
    assert not await dispatch.is_free_channel(SpaceId("discord:2"), "5")
    await community.call("channel", mode="mention")
    assert not await dispatch.is_free_channel(HERE, "5")


async def test_an_overheard_question_is_answered_when_sure(community: Community) -> None:
    outlet = await community.say("When does the choir rehearse?", addressed=False)
    assert "Selma" in outlet.text
    assert outlet.partials == [], "nothing is shown before it is whole"
    assert outlet.replies[0].answer_id
    assert "Selma" in (await community.say("and on Fridays?", addressed=False)).text


async def test_an_overheard_question_it_is_unsure_of_is_a_silent_gap(community: Community) -> None:
    outlet = await community.say("Where can I park my elephant?", addressed=False)
    assert outlet == CollectingOutlet()
    assert await community.rows("SELECT question, text, used FROM answers") == [
        ("Where can I park my elephant?", "", "silent")
    ]
    assert await community.rows("SELECT * FROM turns") == []


@pytest.mark.parametrize("text", ["the choir was lovely on Friday", "lol", "🙂", "", "library " * 1000 + "?"])
async def test_chatter_is_neither_answered_nor_kept(community: Community, text: str) -> None:
    assert await community.say(text, addressed=False) == CollectingOutlet()
    assert await community.rows("SELECT * FROM answers") == []


async def test_a_redelivered_overheard_question_is_answered_once(community: Community) -> None:
    first = await community.say("When does the choir rehearse?", addressed=False, key="discord:900")
    again = await community.say("When does the choir rehearse?", addressed=False, key="discord:900")
    assert len(first.replies) == 1
    assert again == CollectingOutlet()


async def test_a_fault_while_overhearing_stays_silent(community: Community, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def decide(self, found: SearchResult) -> Decision:
            raise RuntimeError("gate fell off")

    processor = community.aion.processor
    pipeline = replace(processor.questions.pipeline, gate=Broken())
    broken = replace(processor, questions=replace(processor.questions, pipeline=pipeline))
    faulty = replace(community.aion.dispatch, processor=broken)
    outlet = CollectingOutlet()
    said = message("When does the choir rehearse?", key="1", space=HERE)
    await faulty.handle(replace(said, addressed=False), outlet)
    assert outlet == CollectingOutlet()
    assert "gate fell off" in caplog.text


# --- limits --------------------------------------------------------------------------------------


async def test_over_the_limit_one_is_told_when_to_ask_again(tmp_path: Path) -> None:
    async with opened(tmp_path, person=2, moderator=3) as community:
        for _ in range(2):
            assert "Ask me again" not in (await community.say("Anybody there?")).text
        assert re.search(r"Ask me again in \d+ s\.$", (await community.say("Anybody there?")).text)
        assert await community.say("Anybody there?") == CollectingOutlet()
        assert "Ask me again" not in (await community.say("Anybody there?", ANA)).text


async def test_over_the_limit_what_is_overheard_is_left_alone(tmp_path: Path) -> None:
    async with opened(tmp_path, unasked=1) as community:
        for n in range(3):
            assert await community.say(f"Where is my elephant number {n}?", addressed=False) == CollectingOutlet()
        assert len(await community.rows("SELECT * FROM answers")) == 1
