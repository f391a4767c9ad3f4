"""Chooses the weight of cosines against BM25 for one place, by labelled questions: part of ``aion tune``.

The best weight differs much between communities. One is proposed only where it ranks clearly better on topics that it
was not chosen by.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.evaluation.dataset import LabelledQuestion, LabelledSet
from core.evaluation.ranking import distinct, ndcg
from core.experiments.search_eval import SPACE, store_labelled
from core.language import detect_language
from core.ports import Embedder
from core.retrieval.fuse import Candidates, Fusion, ScaledSum, Scores
from core.retrieval.search import HybridSearcher
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.types import Scope

NATS = (25.0, 50.0, 100.0, 200.0, 400.0, 700.0, 1000.0)
"""Weights that are tried, nats of BM25 per unit of cosine."""

MIN_GAIN = 0.005
"""Least gain in nDCG@10, cross-validated by topic, that is worth a change: less is noise on a few hundred questions."""

N_FOLDS = 5

Measured = NDArray[np.float64]
"""nDCG@10 of every question with every weight, shape ``(n_questions, 1 + len(NATS))``; column 0 is the one in use."""


@dataclass(frozen=True, slots=True)
class TunedFusion:
    """The best weight, with nDCG@10 of the fusion in use (``before``) and, cross-validated, of a chosen one."""

    nats_per_cosine: float
    before: float
    after: float

    @property
    def is_better(self) -> bool:
        """Return whether the change is worth making."""
        return self.after - self.before >= MIN_GAIN


class _Exchanged:
    """A fusion that is exchanged between two searches, so that all of them share one index."""

    def __init__(self, fusion: Fusion) -> None:
        self.fusion = fusion

    def __call__(self, candidates: Candidates) -> Scores:
        return self.fusion(candidates)


async def tune_fusion(
    sets: Sequence[LabelledSet], embedder: Embedder, in_use: Fusion, asked: Callable[[], object] = lambda: None
) -> TunedFusion | None:
    """Return the best of ``NATS`` on the answerable questions of all ``sets``; ``None`` with fewer than five topics.

    ``asked`` is called after each question.
    """
    measured, topics = list[Measured](), list[str]()
    for data in sets:
        questions = [question for question in data.questions if question.relevance]
        if questions:
            measured.append(await _measured(data, questions, embedder, in_use, asked))
            topics += [f"{data.name}/{question.topic or question.text}" for question in questions]
    return chosen(np.concatenate(measured), topics) if len(set(topics)) >= N_FOLDS else None


def chosen(measured: Measured, topics: Sequence[str]) -> TunedFusion:
    """Return the best weight, and what one chosen without a fold of topics reaches there, over all folds."""
    place = {topic: n % N_FOLDS for n, topic in enumerate(sorted(set(topics)))}
    fold_of = np.array([place[topic] for topic in topics])
    after = np.empty(len(topics))
    for fold in range(N_FOLDS):
        judged = fold_of == fold
        after[judged] = measured[judged, 1 + _best(measured[~judged])]
    return TunedFusion(NATS[_best(measured)], float(measured[:, 0].mean()), float(after.mean()))


def _best(measured: Measured) -> int:
    return int(measured[:, 1:].mean(axis=0).argmax())


async def _measured(
    data: LabelledSet,
    questions: Sequence[LabelledQuestion],
    embedder: Embedder,
    in_use: Fusion,
    asked: Callable[[], object],
) -> Measured:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        async with await Database.open(Path(folder)) as database:
            names = await store_labelled(Documents(database), embedder, data.documents, SPACE)
            tried: list[Fusion] = [in_use, *map(ScaledSum, NATS)]
            fusion = _Exchanged(in_use)
            searcher = HybridSearcher(embedder, Passages(database), Path(folder) / "indexes", fusion)
            for question in questions:
                row = []
                for each in tried:
                    fusion.fusion = each
                    row.append(await _ndcg(searcher, question, names))
                rows.append(row)
                asked()
    return np.array(rows, np.float64)


async def _ndcg(searcher: HybridSearcher, question: LabelledQuestion, names: Mapping[int, Sequence[str]]) -> float:
    found = await searcher.search(Scope(SPACE), question.text, detect_language(question.text))
    return ndcg(distinct(name for hit in found.hits for name in names[hit.passage.document_id]), question.relevance)
