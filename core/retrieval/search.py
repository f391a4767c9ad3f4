"""Finds the passages that may answer a question, within what a space may read.

Dense top 50 and BM25 top 50 of each readable space, fused; the best 24 are the hits, of which MMR picks 8 as context.
Does not judge whether they hold the answer (``core.confidence``).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.offload import offload
from core.ports import Embedder, PassageStore
from core.retrieval import mmr
from core.retrieval.analyse import Term, distinct_stems, query_terms
from core.retrieval.chunk import searched_text
from core.retrieval.fuse import Candidates, Fusion, Scores, fusion_for
from core.retrieval.index import SpaceIndex, SpaceIndexes
from core.retrieval.lexical import rarity
from core.stopwatch import Stopwatch
from core.types import Found, Hit, Language, Matrix, Passage, QueryTerm, SpaceId, Vector, readable_spaces

N_CANDIDATES = 50
"""Passages that each of dense and BM25 may put forward, per space."""

N_HITS = 24
N_CONTEXT = 8

_ALIKE = 0.95
"""Passages of a lower cosine are not looked at for saying the same."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class _Question:
    """A question as the indexes see it: its vector, its words, and how rare each is in all that is searched."""

    vector: Vector
    terms: Sequence[Term]
    idfs: Sequence[float]

    @property
    def content(self) -> Sequence[tuple[Term, float]]:
        """Return the words that say what it is about, with their rarity; all words when none of them does."""
        weighted = list(zip(self.terms, self.idfs, strict=True))
        return [(term, weight) for term, weight in weighted if not term.is_framing] or weighted


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Candidates by fused score, best first: row ``i`` of everything is one passage."""

    ids: Sequence[tuple[SpaceId, int]]
    scores: Scores
    dense: Scores
    lexical: Scores
    vectors: Matrix


class HybridSearcher:
    """Dense and lexical search in one: a ``core.ports.Searcher``."""

    def __init__(self, embedder: Embedder, store: PassageStore, index_dir: Path, fusion: Fusion | None = None) -> None:
        """Search with ``fusion``; with the best known for ``embedder`` where none is given."""
        self._embedder = embedder
        self._store = store
        self._indexes = SpaceIndexes(store, embedder, index_dir)
        self._fusion = fusion

    async def search(self, space: SpaceId, query: str, language: Language) -> Found:
        """Return the passages nearest to ``query`` among those ``space`` may read, best first."""
        clock = Stopwatch()
        vector, opened = await asyncio.gather(self._embed(query, clock), self._fresh(space))
        steps_ms = clock.read()
        clock.add("index", steps_ms["total"] - steps_ms["embed"])  # what it took longer than the embedding beside it
        content, hits, context = await offload(self._find, query, vector, opened, clock)
        steps_ms = {step: ms for step, ms in clock.read().items() if step != "total"}
        return Found(
            query=query,
            language=language,
            query_vector=vector,
            hits=hits,
            context=context,
            latency_ms=steps_ms,
            terms=tuple(QueryTerm(term.text, weight) for term, weight in content),
            n_searched=sum(len(index.dense) for index in opened.values()),
        )

    async def drop(self, space: SpaceId) -> None:
        """Remove what is kept on disk of a space, beside the database."""
        await self._indexes.drop(space)

    async def prepare(self, space: SpaceId) -> None:
        """Have the index of a space's own passages at hand, built where it is not."""
        await self._indexes.fresh(space)

    async def tidy(self) -> None:
        """Remove from disk what other embedders' indexes left."""
        await self._indexes.tidy()

    async def close(self) -> None:
        """Write the indexes to disk."""
        await self._indexes.close()

    async def _embed(self, query: str, clock: Stopwatch) -> Vector:
        with clock.step("embed"):
            return await offload(self._embedder.embed_query, query)

    async def _fresh(self, space: SpaceId) -> Mapping[SpaceId, SpaceIndex]:
        """Return the indexes of what a space may read, equal to the database; none of spaces that never held any."""
        names = readable_spaces(space)
        indexes = zip(names, await asyncio.gather(*map(self._indexes.fresh, names)), strict=True)
        return {name: index for name, index in indexes if index is not None}

    def _find(
        self, query: str, vector: Vector, opened: Mapping[SpaceId, SpaceIndex], clock: Stopwatch
    ) -> tuple[Sequence[tuple[Term, float]], tuple[Hit, ...], tuple[Hit, ...]]:
        """Return the words that were looked for and their rarity, the hits, and those that are the context. Blocks."""
        question, ranked = self._rank(query, vector, opened, clock)
        content = question.content
        with clock.step("load"):
            hits = _hits(ranked, self._passages(ranked), [term for term, _ in content])
        with clock.step("mmr"):
            return content, hits, diverse(hits)

    def _rank(
        self, query: str, vector: Vector, opened: Mapping[SpaceId, SpaceIndex], clock: Stopwatch
    ) -> tuple[_Question, _Ranked]:
        """Search every open index, and fuse. Blocks."""
        with ExitStack() as stack:
            for index in opened.values():
                stack.enter_context(index.lock)
            question = _question(query, vector, list(opened.values()))
            ids, vectors, lexical = _candidates(question, opened, clock)
        with clock.step("fuse"):
            dense = np.asarray(vectors @ vector, np.float64)
            fusion = self._fusion or fusion_for(self._embedder.id)  # an embedder knows its id once it is loaded
            scores = fusion(Candidates(dense, lexical))
            order = np.argsort(-scores, kind="stable")[:N_HITS]
        return question, _Ranked(
            [ids[row] for row in order], scores[order], dense[order], lexical[order], vectors[order]
        )

    def _passages(self, ranked: _Ranked) -> Mapping[int, Passage]:
        """Read the passages of the candidates. Blocks."""
        passages: dict[int, Passage] = {}
        for space in dict.fromkeys(space for space, _ in ranked.ids):
            wanted = [id_ for owner, id_ in ranked.ids if owner == space]
            passages |= {passage.id: passage for passage in self._store.read(space, wanted)}
        return passages


def _question(query: str, vector: Vector, indexes: Sequence[SpaceIndex]) -> _Question:
    terms = query_terms(query)
    n_passages = sum(len(index.lexical) for index in indexes)
    n_with = [sum(index.lexical.n_with(term) for index in indexes) for term in terms]
    return _Question(vector, terms, [rarity(n, n_passages) for n in n_with])


def _candidates(
    question: _Question, opened: Mapping[SpaceId, SpaceIndex], clock: Stopwatch
) -> tuple[list[tuple[SpaceId, int]], Matrix, Scores]:
    """Return what either search puts forward: whose it is, its vector, and its BM25 score, row by row."""
    ids: list[tuple[SpaceId, int]] = []
    vectors: list[Matrix] = [np.empty((0, len(question.vector)), np.float32)]
    lexical: list[float] = []
    for space, index in opened.items():
        with clock.step("lexical"):
            scores = dict(index.lexical.search(question.terms, question.idfs, N_CANDIDATES))
        with clock.step("dense"):
            nearest, _ = index.dense.search(question.vector, N_CANDIDATES)
            union = list(dict.fromkeys([*nearest.tolist(), *scores]))
            vectors.append(index.dense.vectors(union))
        ids += [(space, id_) for id_ in union]
        lexical += [scores.get(id_, 0.0) for id_ in union]
    return ids, np.concatenate(vectors), np.asarray(lexical, np.float64)


def _hits(ranked: _Ranked, passages: Mapping[int, Passage], terms: Sequence[Term]) -> tuple[Hit, ...]:
    """Return the candidates that are still there, best first. Blocks."""
    return tuple(
        Hit(
            passage=passages[id_],
            score=float(ranked.scores[row]),
            dense=float(ranked.dense[row]),
            lexical=float(ranked.lexical[row]),
            vector=ranked.vectors[row],
            matched=_matched(passages[id_], terms),
        )
        for row, (_, id_) in enumerate(ranked.ids)
        if id_ in passages
    )


def _matched(passage: Passage, terms: Sequence[Term]) -> tuple[int, ...]:
    words = distinct_stems(searched_text(passage.document, passage.heading, passage.text), passage.language)
    return tuple(place for place, term in enumerate(terms) if term.stems[passage.language] in words)


def diverse(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return the hits MMR picks for the prompt, by their fused scores; what says nothing new is left out. Blocks."""
    hits = _distinct(hits)
    if not hits:
        return ()
    relevance = mmr.relative(np.array([hit.score for hit in hits], np.float32))
    return tuple(hits[row] for row in mmr.select(relevance, np.stack([hit.vector for hit in hits]), N_CONTEXT))


def _distinct(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits without those whose words, in their order, all stand in one that is kept.

    Of two that say the same the better one is kept, and the longer one where one holds the other. Vectors alone would
    not do: two passages that differ in nothing but a number are as near.
    """
    if not hits:
        return []
    vectors = np.stack([hit.vector for hit in hits])
    kept = list(range(len(hits)))
    for first, second in zip(*np.nonzero(np.triu(vectors @ vectors.T >= _ALIKE, 1)), strict=True):
        if first in kept and second in kept:
            words = {place: _words(hits[place].passage) for place in (first, second)}
            if words[second] in words[first]:
                kept.remove(second)
            elif words[first] in words[second]:
                kept.remove(first)
    return [hits[place] for place in kept]


def _words(passage: Passage) -> str:
    """Return the words of a passage without case and punctuation, each between spaces."""
    return f" {' '.join(_WORD.findall(passage.text.casefold()))} "
