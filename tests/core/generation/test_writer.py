"""What a local model takes back is no part of its answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from core.assembly.bootstrap import assemble
from core.commands import Registry
from core.pipeline import Question
from core.settings import Settings
from core.types import Confidence, Decision, Piece, PromptTurn, Sampling, SearchResult
from tests.fakes import MEMBER, SPACE, TickingGenerator, WordEmbedder

pytestmark = pytest.mark.usefixtures("parsed_in_process")

OPENS = "The library opens at nine o'clock on Saturdays."


class RestartingGenerator(TickingGenerator):
    """Writes one sentence of reasoning, which the passages support, and then its answer."""

    async def stream(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        for text in (f"{OPENS} ", "The library opens "):
            yield Piece(text)
        yield Piece("The library ", is_restart=True)
        yield Piece("opens at nine o'clock on Saturdays.")


class LocalGate:
    """A gate that always lets the local model write."""

    def decide(self, found: SearchResult) -> Decision:
        return Decision("local", Confidence(0.9, 0.9))


async def test_an_answer_begins_after_what_was_taken_back(tmp_path: Path) -> None:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path / "data"})
    local = RestartingGenerator()

    async def show(so_far: str) -> None:
        pass

    async with assemble(settings, Registry(), embedder=WordEmbedder(), local=local, gate=LocalGate()) as aion:
        await aion.ingest.index_file(SPACE, "hours.md", f"# Library\n\n{OPENS}\n".encode())
        asked = Question(SPACE, "here", MEMBER, "When does the library open on Saturdays?", "en")
        answer = await aion.questions.pipeline.answer(asked, show)
        record = await aion.questions.pipeline.answers.get(SPACE, answer.id)
    assert answer.used == "local"
    assert answer.text.count("library") == 1
    assert record.generation.text == OPENS
