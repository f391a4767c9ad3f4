"""Grid search over search and gate settings on a labelled set: ``aion tune --search`` (specification, phase 6).

Chunk size and fusion need a search each; MMR's λ and k reselect the context of its hits; bands come from a gate
refitted to it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from core.confidence.calibrate import Coefficients
from core.confidence.fit import GateExample
from core.confidence.gate import LogisticGate
from core.evaluation.dataset import LabelledQuestion, LabelledSet
from core.evaluation.harness import holds_answer
from core.experiments.gate_tuning import tune
from core.experiments.search_eval import SPACE, store_labelled
from core.language import detect_language
from core.ports import Embedder
from core.retrieval import mmr
from core.retrieval.chunk import OVERLAP, chunk
from core.retrieval.fuse import Fusion, dense_alone, fusion_for, lexical_alone, reciprocal_rank
from core.retrieval.search import HybridSearcher
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.types import Chunk, Hit, Scope, SearchResult

CHUNK_CHARS = (600, 1200, 1800)
LAMBDAS = (0.5, 0.7, 0.9, 1.0)
KS = (4, 8, 12)
RISKS = (None, 0.1, 0.2)
"""Bounds on the unanswerable share of local answers; ``None``: the threshold of best balanced accuracy."""

_GRAIN_MS = 0.5
"""Latencies that differ by less are equal: noise is larger."""


@dataclass(frozen=True, slots=True)
class SearchSetting:
    """One point of the grid with its measures.

    ``in_context`` is the share of answerable questions whose answer is in the context (whose document is, where no
    reference answers are given); ``context_chars`` the mean size of the context, ``own_ms`` the median of search,
    fusion and MMR without embedding; ``balanced_accuracy`` and ``local`` are the gate's on held-out topics.
    """

    chunk_chars: int
    fusion: str
    lambda_: float
    k: int
    risk: float | None
    in_context: float
    balanced_accuracy: float
    local: float
    context_chars: float
    own_ms: float

    @property
    def costs(self) -> tuple[float, ...]:
        """Return the objectives, all to be minimised."""
        return (-self.in_context, -self.balanced_accuracy, round(self.own_ms / _GRAIN_MS), self.context_chars)


def pareto(settings: Sequence[SearchSetting]) -> list[SearchSetting]:
    """Return the Pareto-optimal settings."""
    costs = np.array([setting.costs for setting in settings])
    return [
        setting
        for setting, own in zip(settings, costs, strict=True)
        if not ((costs <= own).all(axis=1) & (costs < own).any(axis=1)).any()
    ]


def n_searches(data: LabelledSet) -> int:
    """Return the number of searches of a sweep."""
    return len(CHUNK_CHARS) * len(_fusions("")) * len(data.questions)


async def sweep(
    data: LabelledSet, embedder: Embedder, start: Coefficients, asked: Callable[[], object] = lambda: None
) -> list[SearchSetting]:
    """Return every setting's measures on ``data``; ``asked`` is called after each question.

    Raises ``BadInput`` when the set cannot be tuned on.
    """
    settings: list[SearchSetting] = []
    for max_chars in CHUNK_CHARS:
        with tempfile.TemporaryDirectory() as folder:
            async with await Database.open(Path(folder)) as database:
                cut = partial(_cut, max_chars)
                names = await store_labelled(Documents(database), embedder, data.documents, SPACE, cut)
                for name, fusion in _fusions(embedder.id).items():
                    searcher = HybridSearcher(embedder, Passages(database), Path(folder) / name, fusion)
                    found = []
                    for question in data.questions:
                        found.append(await searcher.search(Scope(SPACE), question.text, detect_language(question.text)))
                        asked()
                    settings += _settings(data, found, names, start, max_chars, name)
    return settings


def _cut(max_chars: int, text: str, kind: str) -> list[Chunk]:
    return chunk(text, max_chars, max_chars * OVERLAP // 1200, kind)


def _fusions(embedder_id: str) -> Mapping[str, Fusion]:
    fused = fusion_for(embedder_id)
    return {"fused": fused, "rrf": reciprocal_rank, "dense": dense_alone, "bm25": lexical_alone}


def _settings(
    data: LabelledSet,
    found: Sequence[SearchResult],
    names: Mapping[int, Sequence[str]],
    start: Coefficients,
    max_chars: int,
    fusion: str,
) -> list[SearchSetting]:
    gate = LogisticGate(start)
    examples = [
        GateExample(
            gate.decide(each).confidence.features, question.answerable, question.topic or question.text, data.name
        )
        for question, each in zip(data.questions, found, strict=True)
        if each.hits
    ]
    figures = {risk: tune(examples, start, start.embedder, risk).after[data.name] for risk in RISKS}
    searched_ms = [sum(ms for step, ms in each.latency_ms.items() if step not in ("embed", "mmr")) for each in found]
    contexts = {(lambda_, k): _contexts(found, lambda_, k) for lambda_, k in product(LAMBDAS, KS)}
    return [
        SearchSetting(
            chunk_chars=max_chars,
            fusion=fusion,
            lambda_=lambda_,
            k=k,
            risk=risk,
            in_context=_in_context(data.questions, chosen, names),
            balanced_accuracy=figures[risk].balanced_accuracy,
            local=figures[risk].local,
            context_chars=float(np.mean([sum(len(hit.passage.text) for hit in each.context) for each in chosen])),
            own_ms=float(np.median(np.array(searched_ms) + mmr_ms)),
        )
        for ((lambda_, k), (chosen, mmr_ms)), risk in product(contexts.items(), RISKS)
    ]


def _contexts(found: Sequence[SearchResult], lambda_: float, k: int) -> tuple[list[SearchResult], float]:
    """Return the results with their context reselected, and the milliseconds of that per question."""
    start_s = time.perf_counter()
    chosen = [replace(each, context=_context(each, lambda_, k)) for each in found]
    return chosen, (time.perf_counter() - start_s) * 1000 / max(len(found), 1)


def _context(found: SearchResult, lambda_: float, k: int) -> tuple[Hit, ...]:
    if not found.hits:
        return ()
    relevance = mmr.relative(np.array([hit.score for hit in found.hits], np.float32))
    vectors = np.stack([hit.vector for hit in found.hits])
    return tuple(found.hits[row] for row in mmr.select(relevance, vectors, k, lambda_))


def _in_context(
    questions: Sequence[LabelledQuestion], found: Sequence[SearchResult], names: Mapping[int, Sequence[str]]
) -> float:
    held = [
        holds_answer(each.context, question.answers)
        if question.answers
        else any(question.relevance.get(name, 0) > 0 for hit in each.context for name in names[hit.passage.document_id])
        for question, each in zip(questions, found, strict=True)
        if question.answerable
    ]
    return float(np.mean(held)) if held else 0.0
