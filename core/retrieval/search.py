"""Hybrid search for the passages that may answer a question, over the spaces that may be read.

Dense top 50 and BM25 top 50 of each readable space, fused, with what a second embedder adds; the best 24 are the hits,
of which MMR picks 8 as context.
Does not cover whether they hold the answer (``core.confidence``).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.offload import offload
from core.ports import Embedder, PassageStore
from core.retrieval import mmr
from core.retrieval.analyzer import query_terms
from core.retrieval.fuse import Candidates, Fusion, FusionLookup, Scores, fusion_for
from core.retrieval.index import Indexes, SpaceIndex, SpaceIndexes
from core.retrieval.lexical import smoothed_idf
from core.retrieval.passage_cache import CachedPassage, PassageCache
from core.retrieval.question import analyzed
from core.retrieval.second_embedder import SecondEmbedder
from core.retrieval.speller import Speller
from core.stopwatch import Stopwatch
from core.types import (
    AnalyzedQuestion,
    Hit,
    Language,
    Matrix,
    Passage,
    QueryTerm,
    Scope,
    SearchResult,
    SpaceId,
    Vector,
)

N_CANDIDATES = 50
"""Candidates of dense search and of BM25, each, per space."""

N_HITS = 24
N_CONTEXT = 8

_NEAR_DUPLICATE = 0.95
"""Least cosine of two passages that are compared word by word as duplicates."""

_WORD = re.compile(r"\w+")


LexicalScores = Mapping[SpaceId, Mapping[int, float]]
"""BM25 scores by space and passage id."""


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Candidates by fused score, best first: row ``i`` of everything is one passage."""

    ids: Sequence[tuple[SpaceId, int]]
    scores: Scores
    dense: Scores
    lexical: Scores
    vectors: Matrix


class HybridSearcher:
    """A ``core.ports.Searcher`` over dense and lexical indexes."""

    def __init__(
        self,
        embedder: Embedder,
        store: PassageStore,
        index_dir: Path,
        fusion: Fusion | None = None,
        fusion_of: FusionLookup = fusion_for,
        second: SecondEmbedder | None = None,
    ) -> None:
        """Search with ``fusion``; by default with what ``fusion_of`` returns for the embedder's id."""
        self._embedder = embedder
        self._texts = PassageCache(store)
        self._indexes = SpaceIndexes(store, embedder, index_dir)
        self._fusion = fusion
        self._fusion_of = fusion_of
        self._second = second

    async def search(self, scope: Scope, query: str, language: Language) -> SearchResult:
        """Return the analysed query with its hits and context among the passages of ``scope``."""
        clock = Stopwatch()
        spaces = scope.readable
        opened = self._indexes.opened(spaces)
        found = await offload(self._search_opened, query, language, spaces, opened, clock)
        if found is None:
            with clock.step("index"):
                indexes = await self._fresh(spaces)
            found = await offload(self._search, query, language, indexes, clock)
        return replace(found, latency_ms={step: ms for step, ms in clock.read().items() if step != "total"})

    async def nearest(self, space: SpaceId, ids: Sequence[int], n: int) -> Mapping[int, Sequence[int]]:
        """Return the ids of the ``n`` passages of the space nearest to each of these; gone ones are left out."""
        index = await self._indexes.fresh(space)
        return await offload(_nearest, index, ids, n) if index is not None else {}

    async def drop(self, space: SpaceId) -> None:
        """Remove a space's indexes and cached passages, in memory and on disk."""
        await self._indexes.drop(space)
        self._texts.drop(space)

    async def prepare(self, space: SpaceId) -> None:
        """Open and update the index of a space's own passages, building it where there is none."""
        await self._indexes.fresh(space)

    async def tidy(self) -> None:
        """Remove other embedders' indexes from disk."""
        await self._indexes.tidy()

    async def close(self) -> None:
        """Write the indexes to disk."""
        await self._indexes.close()

    async def _fresh(self, spaces: Sequence[SpaceId]) -> Indexes:
        """Return the indexes of ``spaces`` at the current revision, without spaces that never held a passage."""
        indexes = zip(spaces, await asyncio.gather(*map(self._indexes.fresh, spaces)), strict=True)
        return {space: index for space, index in indexes if index is not None}

    def _search_opened(
        self, query: str, language: Language, spaces: Sequence[SpaceId], opened: Indexes, clock: Stopwatch
    ) -> SearchResult | None:
        """Search the ``opened`` indexes; ``None`` where they are behind the database. Blocks.

        Passages seldom change between two questions. Every hand-over between threads that this saves takes longer
        than a step of the search.
        """
        with clock.step("index"):
            is_fresh = self._indexes.are_fresh(spaces, opened)
        return self._search(query, language, opened, clock) if is_fresh else None

    def _search(self, query: str, language: Language, indexes: Indexes, clock: Stopwatch) -> SearchResult:
        """Search every index by BM25, then by cosine, and fuse. Blocks."""
        with clock.step("lexical"):  # first, because the embedder evicts the indexes from the processor's caches
            question, lexical = _lexical(query, language, indexes)
        with clock.step("embed"):
            vector = self._embedder.embed_query(question.text)
        ranked = self._ranked(question, vector, lexical, indexes, clock)
        with clock.step("load"):
            hits = _hits(ranked, self._read(ranked, indexes), question.terms)
        with clock.step("mmr"):
            context = diverse(hits)
        return SearchResult(
            question, vector, hits, context, n_searched=sum(len(index.lexical) for index in indexes.values())
        )

    def _ranked(
        self,
        question: AnalyzedQuestion,
        vector: Vector,
        lexical: LexicalScores,
        indexes: Indexes,
        clock: Stopwatch,
    ) -> _Ranked:
        """Add the nearest passages to those that BM25 found, and fuse. Blocks."""
        with clock.step("dense"):
            ids, vectors = _candidates(vector, lexical, indexes)
            nats = self._second.nats(question, ids) if self._second else np.zeros(len(ids))
        with clock.step("fuse"):
            dense = np.asarray(vectors @ vector, np.float64)
            bm25 = np.array([lexical[space].get(id_, 0.0) for space, id_ in ids], np.float64)
            fusion = self._fusion or self._fusion_of(self._embedder.id)  # some embedders know their id only once loaded
            scores = fusion(Candidates(dense, bm25)) + nats
            order = np.argsort(-scores, kind="stable")[:N_HITS]
        return _Ranked([ids[row] for row in order], scores[order], dense[order], bm25[order], vectors[order])

    def _read(self, ranked: _Ranked, indexes: Indexes) -> Mapping[int, CachedPassage]:
        """Return the candidates' passages by id, without removed ones. Blocks."""
        texts: dict[int, CachedPassage] = {}
        for space, index in indexes.items():
            texts |= self._texts.read(space, index.revision, [id_ for owner, id_ in ranked.ids if owner == space])
        return texts


def _nearest(index: SpaceIndex, ids: Sequence[int], n: int) -> Mapping[int, Sequence[int]]:
    known, vectors = index.dense.vectors(ids)
    found = {id_: index.dense.candidates(row, n + 1, ())[0] for id_, row in zip(known, vectors, strict=True)}
    return {id_: [each for each in near if each != id_][:n] for id_, near in found.items()}


def _lexical(query: str, language: Language, indexes: Indexes) -> tuple[AnalyzedQuestion, LexicalScores]:
    """Analyse ``query`` as the passages spell it, and search every index by BM25. Blocks."""
    with ExitStack() as stack:
        for index in indexes.values():
            stack.enter_context(index.lock)
        query = _speller(indexes).respelt(query, language)
        terms = query_terms(query)
        n_passages = sum(len(index.lexical) for index in indexes.values())
        n_with = [_n_with(term, indexes) for term in terms]
        terms = [_weighted(term, smoothed_idf(n, n_passages)) for term, n in zip(terms, n_with, strict=True)]
        scores = {space: dict(index.lexical.search(terms, N_CANDIDATES)) for space, index in indexes.items()}
    return analyzed(query, language, terms), scores


def _speller(indexes: Indexes) -> Speller:
    def n_with(word: str) -> int:
        return max((_n_with(term, indexes) for term in query_terms(word)), default=0)

    return Speller([index.vocabulary for index in indexes.values()], n_with)


def _n_with(term: QueryTerm, indexes: Indexes) -> int:
    return sum(index.lexical.n_with(term) for index in indexes.values())


def _weighted(term: QueryTerm, idf: float) -> QueryTerm:
    return QueryTerm(term.text, term.stems, term.prefixes, term.is_framing, idf)  # ``replace`` takes twice as long


def _candidates(vector: Vector, lexical: LexicalScores, indexes: Indexes) -> tuple[list[tuple[SpaceId, int]], Matrix]:
    """Return the space, id and vector of each passage that either search found, row by row."""
    ids: list[tuple[SpaceId, int]] = []
    vectors: list[Matrix] = [np.empty((0, len(vector)), np.float32)]
    for space, index in indexes.items():
        # BM25 also finds passages removed since, which have no vector any more.
        ids_here, rows = index.dense.candidates(vector, N_CANDIDATES, lexical[space])
        ids += [(space, id_) for id_ in ids_here]
        vectors.append(rows)
    return ids, np.concatenate(vectors)


def _hits(ranked: _Ranked, texts: Mapping[int, CachedPassage], terms: Sequence[QueryTerm]) -> tuple[Hit, ...]:
    """Return the candidates whose passages are given, best first."""
    return tuple(
        Hit(
            passage=texts[id_].passage,
            score=float(ranked.scores[row]),
            dense=float(ranked.dense[row]),
            lexical=float(ranked.lexical[row]),
            vector=ranked.vectors[row],
            matched=_matched(texts[id_], terms),
        )
        for row, (_, id_) in enumerate(ranked.ids)
        if id_ in texts
    )


def _matched(text: CachedPassage, terms: Sequence[QueryTerm]) -> tuple[int, ...]:
    language = text.passage.language
    return tuple(place for place, term in enumerate(terms) if term.stems[language] in text.stems)


def diverse(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return the hits that MMR picks by fused score as context, without duplicates. Blocks."""
    if not hits:
        return ()
    vectors = np.stack([hit.vector for hit in hits])
    kept = _distinct(hits, vectors)
    relevance = mmr.relative(np.array([hits[place].score for place in kept], np.float32))
    return tuple(hits[kept[row]] for row in mmr.select(relevance, vectors[kept], N_CONTEXT))


def _distinct(hits: Sequence[Hit], vectors: Matrix) -> list[int]:
    """Return the positions of the hits without duplicates: those whose word sequence another kept hit contains.

    Of two equal ones the better is kept, else the longer. Vectors alone would not do: two passages that differ only
    in a number are as near.
    """
    kept = list(range(len(hits)))
    for first, second in zip(*np.nonzero(np.triu(vectors @ vectors.T >= _NEAR_DUPLICATE, 1)), strict=True):
        if first in kept and second in kept:
            words = {place: _words(hits[place].passage) for place in (first, second)}
            if words[second] in words[first]:
                kept.remove(second)
            elif words[first] in words[second]:
                kept.remove(first)
    return kept


def _words(passage: Passage) -> str:
    """Return a passage's words without case and punctuation, with a space around each."""
    return f" {' '.join(_WORD.findall(passage.text.casefold()))} "
