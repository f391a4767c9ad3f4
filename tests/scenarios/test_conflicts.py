"""What contradicts itself, from answer to decision: both shown with their dates, a card, one press, and its undoing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.pipeline import Question
from core.services.setting_schema import MODERATORS, OUTDATED
from core.settings import Settings
from core.types import Answer, Button, Confidence, Decision, Person, Scope, SearchResult, SpaceId
from plugins import load_plugins
from tests.fakes import MEMBER, CollectingOutlet, ScriptedGenerator, WordEmbedder, message

ASKED = "How much is the membership fee?"
OLD = b"---\ndate: 2023-02-03\n---\n\n# Guide\n\nThe membership fee is 20 euros a year.\n\nLockers are upstairs.\n"
NEW = b"---\ndate: 2025-09-10\n---\n\n# News\n\nThe membership fee is 25 euros a year.\n\nThe hall is painted.\n"
HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")
ANA = Person("discord:7", "Ana", is_moderator=True)


class SureGate:
    """A gate that lets everything be answered."""

    def decide(self, found: SearchResult) -> Decision:
        return Decision("local", Confidence(0.9, 0.9))


@pytest.fixture
async def aion(tmp_path: Path) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path, "AION_WRITER": "extract"})
    registry, writer = load_plugins(), ScriptedGenerator([])
    async with assemble(settings, registry, embedder=WordEmbedder(), local=writer, gate=SureGate()) as aion:
        yield aion


async def ask(aion: Aion, text: str = ASKED) -> Answer:
    async def show(so_far: str) -> None:
        pass

    return await aion.questions.pipeline.answer(Question(HERE, "here", MEMBER, text, "en"), show)


async def call(aion: Aion, key: str, name: str, arguments: str = "", person: Person = ANA) -> CollectingOutlet:
    outlet = CollectingOutlet()
    command = aion.dispatch.registry.get(name)
    assert command is not None
    given = dict(zip((each.name for each in command.parameters), arguments.split(), strict=False))
    await aion.dispatch.handle(message("", key=key, person=person, space=HERE, command=name, arguments=given), outlet)
    return outlet


async def cards(aion: Aion) -> list[tuple[Button, ...]]:
    waiting = await aion._stores.inbox.unfinished("discord")
    return [each.reply.buttons for each in waiting if each.reply and "contradict" in each.reply.text]


async def test_both_are_shown_and_one_press_settles_it(aion: Aion) -> None:
    await aion._stores.spaces.set_value(HERE, MODERATORS, "discord:1:mods")
    await aion.ingest.index_file(HERE, "guide.md", OLD)
    await aion.ingest.index_file(HERE, "news.md", NEW)
    told = await ask(aion)
    assert "⚖️ My sources contradict each other:" in told.text
    newer = "2025-09-10: “The membership fee is 25 euros a year.” (News)"
    older = "2023-02-03: “The membership fee is 20 euros a year.” (Guide)"
    assert told.text.index(newer) < told.text.index(older)
    assert {source.document for source in told.sources} == {"News", "Guide"}
    [buttons] = await cards(aion)
    assert [button.label for button in buttons] == ["The first", "The second", "Both hold", "Not a contradiction"]
    await ask(aion)
    assert len(await cards(aion)) == 1, "asked once"

    listed = await call(aion, "list", "conflicts")
    assert "25 euros" in listed.text and listed.replies[-1].private
    refused = await call(aion, "no", buttons[0].command, buttons[0].argument, person=MEMBER)
    assert "moderators" in refused.text
    settled = await call(aion, "yes", buttons[0].command, buttons[0].argument)
    assert "the first holds" in settled.text
    told = await ask(aion)
    assert "25 euros" in told.text and "20 euros" not in told.text and "⚖️" not in told.text
    assert "upstairs" in (await ask(aion, "Where are the lockers?")).text, "the rest of the page still answers"

    [undo] = settled.replies[-1].buttons
    await call(aion, "undo", undo.command, undo.argument)
    assert "20 euros" in (await ask(aion)).text

    await call(aion, "both", "settle_conflict", "1 both")
    assert "⚖️" not in (await ask(aion)).text


async def test_found_when_it_is_learned_and_the_newer_version_of_a_page_holds(aion: Aion) -> None:
    await aion._stores.spaces.set_value(HERE, MODERATORS, "discord:1:mods")
    await aion.ingest.index_file(HERE, "guide.md", OLD)
    await aion.ingest.index_file(HERE, "news.md", NEW)
    later = OLD.replace(b"2023", b"2024").replace(b"20 euros", b"30 euros")
    await aion.ingest.index_file(HERE, "copy/guide.md", later)
    [job] = [each for each in aion.scheduler.jobs if each.name == "compare"]
    await job.work()
    assert (await job.work()).startswith("0 passages compared")
    asked, versions = await aion._stores.conflicts.list(Scope(HERE), 0, 10)
    assert versions.is_automatic and versions.first.quote == "The membership fee is 30 euros a year."
    assert versions.second.quote == "The membership fee is 20 euros a year."
    assert "20 euros" not in asked.first.quote + asked.second.quote
    assert len(await cards(aion)) == 1, "of two versions of one page nobody is asked"
    assert "20 euros" not in (await ask(aion)).text


async def test_an_old_answer_says_so(aion: Aion) -> None:
    await aion.ingest.index_file(HERE, "guide.md", OLD)
    assert (await ask(aion)).text.endswith("🕰 From 2023, may be out of date.")
    await aion._stores.spaces.set_value(HERE, OUTDATED, 0)
    assert "out of date" not in (await ask(aion, f"{ASKED} Really?")).text


async def test_what_contradicts_in_another_space_is_not_seen(aion: Aion) -> None:
    await aion.ingest.index_file(HERE, "guide.md", OLD)
    await aion.ingest.index_file(THERE, "news.md", NEW)
    assert "25 euros" not in (await ask(aion)).text
    for job in aion.scheduler.jobs:
        if job.name == "compare":
            await job.work()
    assert await aion._stores.conflicts.count(Scope(HERE)) == 0
    elsewhere = message("", key="x", person=ANA, space=THERE, command="conflicts")
    outlet = CollectingOutlet()
    await aion.dispatch.handle(elsewhere, outlet)
    assert "Nothing that I was told" in outlet.text
