"""Evaluates written answers on labelled sets: ``aion eval --answers``.

Every question is searched, judged and answered as in a chat without workers and providers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from core.evaluation.dataset import LabelledQuestion, LabelledSet
from core.evaluation.written import EvaluatedReply
from core.experiments.search_eval import SPACE, store_labelled
from core.generation.writer import Writers
from core.language import detect_language
from core.ports import Embedder, Gate, Reader, Searcher
from core.retrieval.reading.reading_searcher import with_reader
from core.retrieval.search import HybridSearcher
from core.stopwatch import Stopwatch
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.types import Scope


async def written_answers(
    data: LabelledSet,
    embedder: Embedder,
    gate: Gate,
    writers: Writers,
    limit: int,
    asked: Callable[[], object] = lambda: None,
    reader: Reader | None = None,
) -> list[EvaluatedReply]:
    """Ask up to ``limit`` questions of ``data``, evenly spaced, and return the replies.

    ``asked`` is called after each question.
    """
    step = max(1, -(-len(data.questions) // limit))
    replies = []
    with tempfile.TemporaryDirectory() as folder:
        async with await Database.open(Path(folder)) as database:
            await store_labelled(Documents(database), embedder, data.documents, SPACE)
            indexes = HybridSearcher(embedder, Passages(database), Path(folder) / "indexes")
            searcher = with_reader(indexes, reader)
            for question in data.questions[::step]:
                replies.append(await _reply(question, searcher, gate, writers))
                asked()
    return replies


async def _reply(question: LabelledQuestion, searcher: Searcher, gate: Gate, writers: Writers) -> EvaluatedReply:
    clock = Stopwatch()
    found = await searcher.search(Scope(SPACE), question.text, detect_language(question.text))
    draft = None
    if gate.decide(found).band == "local":
        draft = await writers.grounded(found, _unseen)
    if draft is None or not draft.sources:
        return EvaluatedReply(question.answerable, "", True, (), question.answers, clock.read()["total"])
    named = {source.passage_id for source in draft.sources}
    cited = tuple(hit.passage.text for hit in found.context if hit.passage.id in named)
    return EvaluatedReply(question.answerable, draft.text, False, cited, question.answers, clock.read()["total"])


async def _unseen(text: str) -> None:
    """Show nothing: only the whole answer is scored."""
