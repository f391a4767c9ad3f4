"""Answers given again: to the same question, in the same space and state, while nobody dislikes them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.confidence.gate import SpecGate
from core.generation.answer_cache import written_by
from core.pipeline import Question
from core.settings import Settings
from core.types import Answer, EngineState, Language, Person, SpaceId
from plugins import load_plugins
from tests.fakes import MEMBER, SPACE, ScriptedGenerator, WordEmbedder

pytestmark = pytest.mark.usefixtures("parsed_in_process")

HOURS = b"# Library\n\nThe library opens at nine o'clock in the morning on Saturdays.\n"
ASKED = "When does the library open on Saturdays?"
AGAIN = "when does the library open on saturdays"  # near for an embedder that counts words


@pytest.fixture
async def aion(tmp_path: Path) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as app:
        await app.ingest.index_file(SPACE, "hours.md", HOURS)
        yield app


async def unseen(text: str) -> None:
    pass


async def ask(
    aion: Aion, text: str, *, space: SpaceId = SPACE, language: Language = "en", fresh: bool = False
) -> Answer:
    question = Question(space, "here", MEMBER, text, language, fresh=fresh)
    return await aion.questions.pipeline.answer(question, unseen)


async def test_the_same_question_gets_the_same_answer_and_is_told_so(aion: Aion) -> None:
    first, second = await ask(aion, ASKED), await ask(aion, AGAIN)
    assert (first.used, second.used) == ("extract", "cache")
    assert second.text == f"{first.text}\n\n(As answered before to the same question.)"
    assert second.sources == first.sources and second.id != first.id
    third = await ask(aion, ASKED)
    assert third.text == second.text  # and not with its note repeated


@pytest.mark.parametrize(
    "other", ["When does the library open on Sundays?", "When does the library close on Saturdays?"]
)
async def test_another_question_is_answered_afresh(aion: Aion, other: str) -> None:
    await ask(aion, ASKED)
    assert (await ask(aion, other)).used != "cache"


async def test_asking_afresh_passes_it_by_and_renews_it(aion: Aion) -> None:
    await ask(aion, ASKED)
    assert (await ask(aion, ASKED, fresh=True)).used == "extract"
    assert (await ask(aion, ASKED)).used == "cache"


async def test_whatever_is_taught_or_forgotten_ends_it(aion: Aion) -> None:
    await ask(aion, ASKED)
    await aion.ingest.index_file(SPACE, "cat.md", b"The cat sleeps on the sofa.")
    assert (await ask(aion, ASKED)).used == "extract"
    assert (await ask(aion, ASKED)).used == "cache"
    await aion.ingest.index_file(SpaceId("global"), "dog.md", b"The dog sleeps in the garden.")
    assert (await ask(aion, ASKED)).used == "extract"


async def test_another_space_and_another_language_have_their_own(aion: Aion) -> None:
    await ask(aion, ASKED)
    there = SpaceId("discord:7")
    await aion.ingest.index_file(there, "hours.md", HOURS)
    assert (await ask(aion, ASKED, space=there)).used == "extract"
    assert (await ask(aion, ASKED, language="pt")).used != "cache"


@pytest.mark.parametrize("which", [0, 1])
async def test_one_thumb_down_on_it_or_on_its_repetition_ends_it(aion: Aion, which: int) -> None:
    answers = [await ask(aion, ASKED), await ask(aion, ASKED)]
    await aion.services.feedback.press(SPACE, answers[which].id, Person("terminal:rui", "Rui"), "down")
    assert (await ask(aion, ASKED)).used == "extract"


async def test_a_follow_up_is_the_same_only_after_the_same(aion: Aion) -> None:
    """``And on Saturdays?`` after the library is not ``And on Saturdays?`` after the pool."""
    await aion.ingest.index_file(SPACE, "pool.md", b"# Pool\n\nThe pool opens at six in the evening on Saturdays.\n")
    await ask(aion, "When does the library open?")
    library = await ask(aion, "And on Saturdays?")
    await ask(aion, "When does the pool open?")
    pool = await ask(aion, "And on Saturdays?")
    assert pool.used != "cache" and pool.text != library.text


async def test_what_aion_did_not_know_is_not_kept(aion: Aion) -> None:
    asked = "What is the boiling point of mercury?"
    assert [(await ask(aion, asked)).used for _ in range(2)] == ["abstained", "abstained"]


class Adapted(ScriptedGenerator):
    """A model that tells which LoRA weights it writes with."""

    lora: str | None = None

    def state(self) -> EngineState:
        return EngineState(device="cpu", lora_version=self.lora, is_warm=True, n_running=0, n_waiting=0)


def test_another_gate_model_or_lora_version_is_another_state() -> None:
    model = Adapted([])
    names = {written_by(SpecGate(0.6), model), written_by(SpecGate(0.7), model)}
    model.lora = "v3"
    names.add(written_by(SpecGate(0.6), model))
    names.add(written_by(SpecGate(0.6), ScriptedGenerator([], model="another")))
    assert len(names) == 4 and written_by(SpecGate(0.6), model) in names
