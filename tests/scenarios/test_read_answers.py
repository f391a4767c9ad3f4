"""A reader in the whole core: what it reads an answer in is first among the passages, and told with the confidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from core.assembly.bootstrap import assemble
from core.commands import Registry
from core.pipeline import Question
from core.retrieval.reading.reading_searcher import as_read
from core.settings import Settings
from core.types import AnalyzedQuestion, Passage, Scope
from tests.fakes import MEMBER, SPACE, ScriptedGenerator, WordEmbedder

pytestmark = pytest.mark.usefixtures("parsed_in_process")

QUESTION = "When may members borrow the drill?"
RULES = {
    "drill.md": b"The drill that members borrow is blue. Members borrow the drill often.",
    "opening.md": b"The tool library opens on Tuesdays at six.",
}


class Tuesday:
    """Reads an answer where Tuesdays are spoken of."""

    id = "tuesday"

    def evidence(self, question: AnalyzedQuestion, passages: Sequence[Passage]) -> list[float]:
        return [7.0 if "Tuesdays" in passage.text else -7.0 for passage in passages]

    def lead(self, question: AnalyzedQuestion, passages: Sequence[Passage]) -> float | None:
        return None

    def warm(self) -> None:
        """Nothing is loaded."""


async def test_what_is_read_leads_the_context_and_is_recorded(tmp_path: Path) -> None:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path})
    parts = {"embedder": WordEmbedder(), "local": ScriptedGenerator([]), "reader": Tuesday()}
    async with assemble(settings, Registry(), **parts) as aion:  # type: ignore[arg-type]
        for name, text in RULES.items():
            await aion.ingest.index_file(SPACE, name, text)
        pipeline = aion.questions.pipeline
        found = await as_read(await pipeline.searcher.search(Scope(SPACE), QUESTION, "en"), pipeline.reader)
        assert [hit.passage.document for hit in found.context] == ["opening", "drill"]
        answer = await pipeline.answer(Question(SPACE, "here", MEMBER, QUESTION, "en"), _unseen)
        assert answer.confidence.features["evidence"] == 7.0
        assert "read" in answer.latency_ms


async def _unseen(text: str) -> None:
    """Show nothing."""
