"""Cross-encoder reranking of the best hits, within a time budget.

Off unless a model is set: it costs one forward pass for each passage.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.models.catalog import Tell
from core.models.heavy_imports import transformers_lock
from core.models.hub import loading_model
from core.models.lazy import LazyValue
from core.offload import offload
from core.ports import Reranker, Searcher
from core.retrieval.chunk import searched_text
from core.retrieval.search import diverse
from core.stopwatch import Stopwatch
from core.types import Hit, Language, Scope, SearchResult

N_RERANKED = 50
"""Most hits that are scored."""

BUDGET_S = 1.0
"""Seconds after which no further batch is begun."""

_BATCH = 4


@dataclass(frozen=True, slots=True)
class RerankingSearcher:
    """A ``core.ports.Searcher`` whose hits are reranked, in about ``budget_s`` seconds at most."""

    searcher: Searcher
    reranker: Reranker
    budget_s: float = BUDGET_S
    now: Callable[[], float] = time.monotonic

    async def search(self, scope: Scope, query: str, language: Language) -> SearchResult:
        """Return the same hits, those scored in time first and best first, and a context chosen from that order."""
        found = await self.searcher.search(scope, query, language)
        clock = Stopwatch()
        with clock.step("rerank"):
            hits = await offload(self._reranked, query, found.hits)
            context = await offload(diverse, hits)
        return replace(
            found, hits=hits, context=context, latency_ms={**found.latency_ms, "rerank": clock.read()["rerank"]}
        )

    def _reranked(self, query: str, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        end = self.now() + self.budget_s
        scores: list[float] = []
        for first in range(0, min(len(hits), N_RERANKED), _BATCH):
            if self.now() >= end:
                break
            batch = [hit.passage for hit in hits[first : first + _BATCH]]
            texts = [searched_text(passage.document, passage.heading, passage.text) for passage in batch]
            scores += self.reranker.scores(query, texts)
        order = np.argsort(-np.array(scores), kind="stable")
        return _ranked([*(hits[i] for i in order), *hits[len(scores) :]])


class HubReranker:
    """A cross-encoder by id or folder: a ``core.ports.Reranker``. Loaded on first use."""

    def __init__(self, name: str, tell: Tell) -> None:
        self._model = LazyValue(lambda: _open(name, tell))

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """Return the log-odds that each text answers, shape ``(n,)``. Raises ``Unavailable`` when loading fails."""
        scores: list[float] = self._model.get().scores(question, texts)
        return scores


def open_reranker(name: str, tell: Tell) -> Reranker | None:
    """Return the reranker of that name, loaded on first use; ``None`` for ``off``."""
    return None if name == "off" else HubReranker(name, tell)


def with_reranker(searcher: Searcher, name: str, tell: Tell) -> Searcher:
    """Return ``searcher`` with the reranker of that name; unchanged for ``off``."""
    reranker = open_reranker(name, tell)
    return searcher if reranker is None else RerankingSearcher(searcher, reranker)


def _ranked(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return hits with scores ``1 / rank``, for MMR, whose relevance is the score."""
    return tuple(replace(hit, score=1 / (place + 1)) for place, hit in enumerate(hits))


def _open(name: str, tell: Tell) -> Any:
    with loading_model(name, "AION_RERANKER"), transformers_lock:
        from core.models.hub_reader import open_hub_reader

        return open_hub_reader(name, lambda: tell("models.downloading"))
