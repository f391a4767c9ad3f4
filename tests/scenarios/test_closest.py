"""Three outcomes: sure, the closest with its buttons, and "I don't know"; who is asked where AION is not sure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.pipeline import Question
from core.services.setting_schema import ANSWERS, NAME, TONE, AnswerRange
from core.settings import Settings
from core.types import Answer, Band, Confidence, Decision, Language, SearchResult
from plugins import load_plugins
from tests.fakes import MEMBER, SPACE, CollectingOutlet, ScriptedGenerator, WordEmbedder, message
from tests.providers import Canned, ProviderServer, fails, says, write_table

pytestmark = pytest.mark.usefixtures("parsed_in_process")

HOURS = b"# Library\n\nThe library opens at nine o'clock in the morning on Saturdays.\n"
ASKED = "When does the library open on Saturdays?"
LEADS = {"en": "The closest I found:", "pt": "O mais perto que encontrei:"}


class FixedGate:
    """A gate with one opinion."""

    def __init__(self, band: Band) -> None:
        self.band = band

    def decide(self, found: SearchResult) -> Decision:
        return Decision(self.band, Confidence(0.5, 0.5))


@asynccontextmanager
async def answering(tmp_path: Path, monkeypatch, *replies: Canned, band: Band = "provider", local=None, **settings):
    if replies:
        monkeypatch.setenv("GROQ_API_KEY", "made-up-groq-key")
    async with ProviderServer(*replies) as server:
        table = write_table(tmp_path / "table.toml", [("groq", server.url)])
        made = Settings.model_validate({"AION_DATA_DIR": tmp_path / "data", "AION_PROVIDERS_FILE": table, **settings})
        writer = local or ScriptedGenerator([])
        async with assemble(made, load_plugins(), embedder=WordEmbedder(), local=writer, gate=FixedGate(band)) as aion:
            await aion.ingest.index_file(SPACE, "hours.md", HOURS)
            yield aion, server


@pytest.fixture
async def unsure(tmp_path: Path, monkeypatch) -> AsyncIterator[Aion]:
    async with answering(tmp_path, monkeypatch) as (aion, _):
        yield aion


async def ask(aion: Aion, text: str = ASKED, language: Language = "en", shown: list[str] | None = None) -> Answer:
    async def show(so_far: str) -> None:
        if shown is not None:
            shown.append(so_far)

    return await aion.questions.pipeline.answer(Question(SPACE, "here", MEMBER, text, language), show)


async def press(aion: Aion, command: str, answer: Answer) -> CollectingOutlet:
    outlet = CollectingOutlet()
    call = message("", key=f"{command}:{answer.id}", command=command, arguments={"answer": str(answer.id)})
    await aion.dispatch.handle(call, outlet)
    return outlet


@pytest.mark.parametrize("language", ["en", "pt"])
async def test_what_is_near_and_not_sure_is_offered_as_the_closest(unsure: Aion, language: Language) -> None:
    answer = await ask(unsure, language=language)
    assert answer.used == "closest" and answer.sources
    assert answer.text.startswith(LEADS[language]) and "nine o'clock" in answer.text


async def test_the_closest_can_be_confirmed_rejected_or_brought_before_a_human(unsure: Aion) -> None:
    outlet = CollectingOutlet()
    await unsure.dispatch.handle(message(ASKED, key="m1"), outlet)
    labels = {button.command: button.label for button in outlet.replies[-1].buttons}
    assert [*labels][:3] == ["right", "wrong", "human"]
    assert (labels["right"], labels["wrong"], labels["human"]) == ("✅ That's it", "❌ No", "🙋 Ask a human")


async def test_once_confirmed_it_is_the_answer_for_whoever_asks_the_same(unsure: Aion) -> None:
    first = await ask(unsure)
    assert (await ask(unsure)).used == "closest"
    await press(unsure, "right", first)
    again = await ask(unsure)
    assert again.used == "cache" and LEADS["en"] not in again.text
    assert "nine o'clock" in again.text and again.sources == first.sources


async def test_once_rejected_it_is_none_and_a_human_is_offered(unsure: Aion) -> None:
    first = await ask(unsure)
    outlet = await press(unsure, "wrong", first)
    assert [button.command for button in outlet.replies[-1].buttons] == ["human"]
    assert (await ask(unsure)).used == "closest"


@pytest.mark.parametrize(("command", "label"), [("right", True), ("wrong", False)])
async def test_presses_are_labels_for_tuning(unsure: Aion, command: str, label: bool) -> None:
    answer = await ask(unsure)
    await press(unsure, command, answer)
    await press(unsure, command, answer)  # the same press again withdraws nothing
    record = await unsure.questions.pipeline.answers.thumb_of(
        SPACE, answer.id, unsure.dispatch.services.feedback.pseudonyms.of(MEMBER.id)
    )
    assert record == ("up" if label else "down")


async def test_far_from_everything_it_does_not_know(tmp_path: Path, monkeypatch) -> None:
    async with answering(tmp_path, monkeypatch, band="abstain") as (aion, _):
        assert (await ask(aion)).used == "abstained"


async def test_the_closest_is_not_said_unasked(unsure: Aion) -> None:
    question = Question(SPACE, "here", MEMBER, ASKED, "en")
    assert await unsure.questions.pipeline.answer_unaddressed(question) is None


async def test_a_provider_that_finds_no_answer_says_so_with_a_marker_nobody_sees(tmp_path: Path, monkeypatch) -> None:
    async with answering(tmp_path, monkeypatch, says("NO_", "ANSWER")) as (aion, server):
        shown: list[str] = []
        answer = await ask(aion, shown=shown)
        assert answer.used == "closest" and not shown
        assert "in the morning on Saturdays" in str(server.asked[0].body["messages"])


async def test_what_a_provider_claims_must_stand_in_the_passages(tmp_path: Path, monkeypatch) -> None:
    async with answering(tmp_path, monkeypatch, says("It opens at nine [1]."), says("At 11 [1].")) as (aion, _):
        assert (await ask(aion)).used == "groq"
        assert (await ask(aion)).used == "closest"


async def test_far_from_everything_a_provider_is_asked_with_the_passages(tmp_path: Path, monkeypatch) -> None:
    async with answering(tmp_path, monkeypatch, says("It is Paris."), band="abstain") as (aion, server):
        answer = await ask(aion)
        assert answer.used == "groq" and answer.text.startswith("⚠️") and not answer.sources
        assert "in the morning on Saturdays" in str(server.asked[0].body["messages"])


@pytest.mark.parametrize(
    ("writer", "used"), [("auto", "groq"), ("provider", "groq"), ("local", "extract"), ("extract", "extract")]
)
async def test_who_writes_where_the_local_model_fails(tmp_path: Path, monkeypatch, writer: str, used: str) -> None:
    wrong = ScriptedGenerator(["The zoo closes at four."])
    replies = (says("The library opens at nine [1]."),)
    async with answering(tmp_path, monkeypatch, *replies, band="local", local=wrong, AION_WRITER=writer) as (aion, _):
        assert (await ask(aion)).used == used


async def test_quotes_remain_where_nobody_can_write(tmp_path: Path, monkeypatch) -> None:
    async with answering(tmp_path, monkeypatch, fails(500), band="local") as (aion, _):
        assert (await ask(aion)).used == "extract"


@pytest.mark.parametrize(
    ("band", "allowed", "used", "n_asked"),
    [
        ("provider", "taught", "closest", 1),
        ("provider", "sure", "abstained", 1),
        ("abstain", "everything", "groq", 1),
        ("abstain", "taught", "abstained", 0),
        ("abstain", "sure", "abstained", 0),
    ],
)
async def test_a_space_says_what_may_be_answered_where_it_is_not_sure(
    tmp_path: Path, monkeypatch, band: Band, allowed: AnswerRange, used: str, n_asked: int
) -> None:
    said = says("NO_ANSWER") if band == "provider" else says("Generally, libraries open at ten.")
    async with answering(tmp_path, monkeypatch, said, band=band) as (aion, server):
        spaces = aion.services.settings.spaces
        await spaces.set_value(SPACE, ANSWERS, allowed)
        await spaces.set_value(SPACE, NAME, "Dona Clara")
        await spaces.set_value(SPACE, TONE, "formal")
        answer = await ask(aion)
        assert (answer.used, len(server.asked)) == (used, n_asked)
        for asked in server.asked:
            told = str(asked.body["messages"][0]["content"])
            assert told.startswith("You are Dona Clara, the memory of a community.")
            assert "formal and polite tone" in told
