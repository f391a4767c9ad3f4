"""An answer that broke off is kept, marked, and gone on with when the person says so; workers come first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.commands import Registry
from core.generation.continuation import asks_to_continue
from core.pipeline import Question
from core.settings import Settings
from core.texts import say
from core.types import Answer, Band, Confidence, Decision, Language, Person, SearchResult
from tests.fakes import MEMBER, SPACE, ScriptedGenerator, TickingGenerator, WordEmbedder
from tests.providers import DONE, Canned, ProviderServer, delta, fails, says, streamed, write_table

pytestmark = pytest.mark.usefixtures("parsed_in_process")

HOURS = b"# Library\n\nThe library opens at nine o'clock in the morning on Saturdays.\n"
ASKED = "When does the library open on Saturdays?"
CUT = streamed(delta("It opens at nine [1]. On Satur"))


class Fixed:
    """A gate with one opinion."""

    def __init__(self, band: Band) -> None:
        self.band = band

    def decide(self, found: SearchResult) -> Decision:
        return Decision(self.band, Confidence(0.5, 0.5))


@asynccontextmanager
async def answering(tmp_path: Path, monkeypatch, *answers: Canned, band: Band = "provider", **settings):
    monkeypatch.setenv("GROQ_API_KEY", "made-up-groq-key")
    async with ProviderServer(*answers) as server:
        table = write_table(tmp_path / "table.toml", [("groq", server.url)])
        made = Settings.model_validate({"AION_DATA_DIR": tmp_path / "data", "AION_PROVIDERS_FILE": table, **settings})
        local = ScriptedGenerator([])
        async with assemble(made, Registry(), embedder=WordEmbedder(), local=local, gate=Fixed(band)) as aion:
            await aion.ingest.index_file(SPACE, "hours.md", HOURS)
            yield aion, server


async def ask(
    aion: Aion,
    text: str,
    *,
    conversation: str = "here",
    person: Person = MEMBER,
    language: Language = "en",
    shown: list[str] | None = None,
) -> Answer:
    async def show(so_far: str) -> None:
        if shown is not None:
            shown.append(so_far)

    return await aion.questions.pipeline.answer(Question(SPACE, conversation, person, text, language), show)


async def test_what_was_written_is_kept_marked_and_gone_on_with(tmp_path, monkeypatch) -> None:
    """LiteLLM 18229 (the instructions stay as they were) and 27967 (a prompt never ends with the assistant's turn)."""
    async with answering(tmp_path, monkeypatch, CUT, says("Saturdays it is ", "open till six [1].")) as (aion, server):
        first = await ask(aion, ASKED)
        assert first.text == f"It opens at nine [1]. On Satur\n\n{say('en', 'answer.broken_off')}"
        shown: list[str] = []
        second = await ask(aion, "Continue, please!", shown=shown)
        assert second.text == "It opens at nine [1]. On Saturdays it is open till six [1]."
        assert second.sources and second.used == "groq"
        assert shown[0].startswith("It opens at nine [1]. On ")  # what was there is never taken away
        before, after = (asked.body["messages"] for asked in server.asked)
        assert after[: len(before)] == before  # the same instructions, passages and question
        assert [turn["role"] for turn in after[len(before) :]] == ["assistant", "user"]
        assert after[-2]["content"] == "It opens at nine [1]. On"
        record = await aion.questions.pipeline.answers.get(SPACE, second.id)
        assert record.question == ASKED
        assert record.generation.text == "It opens at nine [1]. On Saturdays it is open till six [1]."


async def test_the_mark_is_no_part_of_what_the_model_wrote(tmp_path, monkeypatch) -> None:
    """opencode 39968, 40061: a truncated output is not stored as a whole one."""
    async with answering(tmp_path, monkeypatch, CUT) as (aion, _):
        answer = await ask(aion, ASKED)
        record = await aion.questions.pipeline.answers.get(SPACE, answer.id)
        assert record.generation.text == "It opens at nine [1]. On Satur"


async def test_it_may_break_off_again_and_again(tmp_path, monkeypatch) -> None:
    replies = (CUT, streamed(delta("Saturdays till si")), says("six."))
    async with answering(tmp_path, monkeypatch, *replies) as (aion, _):
        await ask(aion, ASKED)
        assert (await ask(aion, "continue")).text.endswith(say("en", "answer.broken_off"))
        assert (await ask(aion, "continue")).text == "It opens at nine [1]. On Saturdays till six."


async def test_an_answer_from_elsewhere_is_gone_on_with_in_its_own_language(tmp_path, monkeypatch) -> None:
    replies = (streamed(delta("Paris é a capi")), says("capital."))
    async with answering(tmp_path, monkeypatch, *replies, band="abstain") as (aion, _):
        first = await ask(aion, "Qual é a capital da França?", language="pt")
        assert first.text.endswith(say("pt", "answer.broken_off"))
        second = await ask(aion, "continua", language="en")
        assert second.text == f"{say('pt', 'answer.outside', generator='groq')}\n\nParis é a capital."


@pytest.mark.parametrize("reason", ["length", "content_filter: RECITATION", "SAFETY"])
async def test_an_answer_cut_by_a_limit_or_a_filter_is_marked_and_gone_on_with(tmp_path, monkeypatch, reason) -> None:
    cut = streamed(delta("It opens at nine [1]. On Satur"), delta(None, reason), DONE)
    async with answering(tmp_path, monkeypatch, cut, says("Saturdays it is open till six [1].")) as (aion, _):
        assert (await ask(aion, ASKED)).text == f"It opens at nine [1]. On Satur\n\n{say('en', 'answer.broken_off')}"
        assert (await ask(aion, "continue")).text == "It opens at nine [1]. On Saturdays it is open till six [1]."


@pytest.mark.parametrize("whole", [says("It opens at nine [1]."), fails(500)])
async def test_an_answer_that_did_not_break_off_is_not_gone_on_with(tmp_path, monkeypatch, whole) -> None:
    async with answering(tmp_path, monkeypatch, whole) as (aion, server):
        await ask(aion, ASKED)
        await ask(aion, "continue")
        assert all(turn["role"] != "assistant" for asked in server.asked for turn in asked.body["messages"])


@pytest.mark.parametrize("elsewhere", [{"conversation": "there"}, {"person": Person("terminal:rui", "Rui")}])
async def test_nobody_goes_on_with_an_answer_given_elsewhere(tmp_path, monkeypatch, elsewhere) -> None:
    async with answering(tmp_path, monkeypatch, CUT, says("x")) as (aion, server):
        await ask(aion, ASKED)
        await ask(aion, "continue", **elsewhere)
        assert all(turn["role"] != "assistant" for asked in server.asked for turn in asked.body["messages"])


@pytest.mark.parametrize(
    "text",
    [
        "continue",
        "Continua!",
        "continua, por favor",
        "please continue",
        "go on",
        "Segue.",
        "Continue aí",
        "Ok, continua",
    ],
)
def test_what_says_go_on(text: str) -> None:
    assert asks_to_continue(text)


@pytest.mark.parametrize(
    "text", ["", "continue the renovation works", "Does it continue on Sundays?", "segue o mapa", "go on foot", "on"]
)
def test_what_does_not(text: str) -> None:
    assert not asks_to_continue(text)


# --- workers -------------------------------------------------------------------------------------


@asynccontextmanager
async def worker(model: TickingGenerator) -> AsyncIterator[str]:
    """Run the inference service with this model and yield its address."""
    from tests.core.ops.test_remote_workers import TOKEN, Machine

    machine = Machine(model, TOKEN)
    await machine.start()
    yield machine.url
    await machine.stop()


async def working(aion: Aion) -> None:
    async with asyncio.timeout(20):
        while not aion.questions.pipeline.writers.workers():  # noqa: ASYNC110 (a task of AION's finds them)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("band", ["provider", "abstain"])
async def test_a_worker_is_asked_before_any_free_api(tmp_path, monkeypatch, band) -> None:
    async with worker(TickingGenerator("It opens at nine [1].")) as url:
        settings = {"AION_WORKERS": f"colab={url}", "AION_WORKER_TOKEN": "made-up-worker-token"}
        async with answering(tmp_path, monkeypatch, says("from groq"), band=band, **settings) as (aion, server):
            await working(aion)
            answer = await ask(aion, ASKED)
            assert (answer.used, answer.model) == ("colab", "ticking")
            assert not server.asked


async def test_a_worker_writes_the_checked_answer_too_and_the_machine_itself_where_it_cannot(
    tmp_path, monkeypatch
) -> None:
    model = TickingGenerator("The library opens at nine o'clock on Saturdays.")
    async with worker(model) as url:
        settings = {"AION_WORKERS": f"colab={url}", "AION_WORKER_TOKEN": "made-up-worker-token"}
        async with answering(tmp_path, monkeypatch, fails(500), band="local", **settings) as (aion, _):
            await working(aion)
            answer = await ask(aion, ASKED)
            assert answer.used == "colab"
            model.text = ""
            aion.local.replies.append("The library opens at nine o'clock on Saturdays.")
            assert (await ask(aion, "When does the library open on Saturdays, again?")).used == "local"


async def test_a_worker_that_dies_before_its_first_word_costs_no_answer(tmp_path, monkeypatch) -> None:
    health = fails(200, {"status": "ok", "model": "m", "languages": ["en", "pt"]})
    async with ProviderServer(health, streamed(DONE)) as dead:
        settings = {"AION_WORKERS": f"colab={dead.url.removesuffix('/v1')}"}
        async with answering(tmp_path, monkeypatch, says("It opens at nine [1]."), **settings) as (aion, _):
            await working(aion)
            assert (await ask(aion, ASKED)).used == "groq"
