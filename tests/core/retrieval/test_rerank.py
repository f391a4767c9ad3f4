"""Reranking: the order is the model's, for as long as it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.retrieval.rerank import RerankingSearcher, with_reranker
from core.types import Hit, Language, Passage, Scope, SearchResult, SpaceId
from tests.passages import asked


@dataclass
class Shelf:
    """A searcher that always finds the same texts, in the order given."""

    texts: Sequence[str]

    async def search(self, scope: Scope, query: str, language: Language) -> SearchResult:
        vectors = np.eye(max(len(self.texts), 1), dtype=np.float32)
        hits = tuple(
            Hit(Passage(n, n, scope.space, "doc", "", text, 0, len(text), "en"), 1 - n / 100, 0.5, 0.0, vectors[n])
            for n, text in enumerate(self.texts)
        )
        return SearchResult(asked(query, language), vectors[0], hits, hits[:8], {"dense": 1.0}, n_searched=len(hits))


class ByLength:
    """Prefers the longest text."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        return [float(len(text)) for text in texts]


def texts_of(found: SearchResult) -> list[str]:
    return [hit.passage.text for hit in found.hits]


async def test_hits_are_put_in_the_models_order() -> None:
    texts = ["a", "aaa", "aa", "aaaaaa", "aaaa", "aaaaa"]
    found = await RerankingSearcher(Shelf(texts), ByLength()).search(Scope(SpaceId("s")), "?", "en")
    assert texts_of(found) == sorted(texts, key=len, reverse=True)
    assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)
    assert found.context[0].passage.text == "aaaaaa"
    assert set(found.latency_ms) == {"dense", "rerank"}


async def test_without_time_the_order_is_the_searchs() -> None:
    texts = ["a", "aaa", "aa"]
    found = await RerankingSearcher(Shelf(texts), ByLength(), budget_s=0).search(Scope(SpaceId("s")), "?", "en")
    assert texts_of(found) == texts


async def test_nothing_found_stays_nothing() -> None:
    found = await RerankingSearcher(Shelf([]), ByLength()).search(Scope(SpaceId("s")), "?", "en")
    assert found.hits == found.context == ()


async def test_what_was_not_read_in_time_follows() -> None:
    ticks = iter([0.0, 0.0, 2.0])
    texts = ["a", "aa", "aaa", "aaaa", "aaaaaaa", "aaaaa"]
    searcher = RerankingSearcher(Shelf(texts), ByLength(), now=lambda: next(ticks))
    found = await searcher.search(Scope(SpaceId("s")), "?", "en")
    assert texts_of(found) == ["aaaa", "aaa", "aa", "a", "aaaaaaa", "aaaaa"]


def test_off_is_the_search_itself() -> None:
    shelf = Shelf([])
    assert with_reranker(shelf, "off", print) is shelf
