"""How well each sentence of a context answers a question.

A linear score over six features; by it the sentences of one context compare with each other, and with nothing else.
Its weights were fitted (softmax over the sentences of a context) on English and Portuguese reading questions and on
the sample handbook; ``bench/extract.py`` measures them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

import numpy as np
from numpy.typing import NDArray

from core.generation.grounding.answer_type import share_held
from core.generation.grounding.sentences import Sentence, evidence
from core.ports import Embedder
from core.retrieval.analyzer import stems
from core.types import AnalyzedQuestion, Hit, QueryTerm, SearchResult, Vector

_MAX_EMBEDDED = 24
_MAX_EMBEDDED_CHARS = 3000
"""Sentences compared by meaning, best by everything else: embedding is nearly all the time this takes."""

_COSINE, _FOREIGN_COSINE, _WORDS, _NEARBY_WORDS, _PASSAGE, _EXPECTED = 0.9, 3.1, 4.1, 2.8, 0.8, 1.9
"""Cosines count in standard deviations of the context, for every embedder has a scale of its own. A foreign sentence
shares no words with the question, so its meaning counts ``_FOREIGN_COSINE`` more."""

_HEADED = 0.7
"""What a word of the question counts that the headings have instead of the sentence: there it goes without saying."""

Values = NDArray[np.float64]
"""One number for each sentence, shape ``(n_sentences,)``."""


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    """A sentence and how well it answers the question: differences of ``score`` are log-odds."""

    sentence: Sentence
    score: float


def rank(found: SearchResult, embedder: Embedder) -> list[ScoredSentence]:
    """Return the sentences of the context that may answer the question, best first. Blocks while embedding."""
    candidates = evidence(found.context)
    if not candidates:
        return []
    plain = plain_scores(found.question, candidates, found.context)
    is_foreign = np.array([candidate.passage.language != found.question.language for candidate in candidates])
    chosen = list(_worth_embedding(candidates, plain, is_foreign))
    cosines = embedder.embed_passages([candidates[i].text for i in chosen]) @ _question(found, embedder)
    weights = np.where(is_foreign[chosen], _COSINE + _FOREIGN_COSINE, _COSINE)
    scores: Values = plain[chosen] + _standardised(cosines) * weights
    best = np.argsort(-scores, kind="stable")
    return [ScoredSentence(candidates[chosen[place]], float(scores[place])) for place in best]


def _question(found: SearchResult, embedder: Embedder) -> Vector:
    """Return the question's vector, made anew where another embedder has taken over since the search."""
    return found.query_vector if len(found.query_vector) == embedder.dim else embedder.embed_query(found.question.text)


def plain_scores(question: AnalyzedQuestion, candidates: Sequence[Sentence], hits: Sequence[Hit]) -> Values:
    """Return how well each sentence of ``hits`` answers by everything but its own meaning: sooner than ``rank``."""
    words, nearby = _word_scores(question.terms, candidates)
    plain = _WORDS * words + _NEARBY_WORDS * nearby + _PASSAGE * _passage_scores(candidates, hits)
    return np.asarray(
        plain + _EXPECTED * np.array([share_held(question.answer_types, candidate.text) for candidate in candidates])
    )


def _word_scores(terms: Sequence[QueryTerm], candidates: Sequence[Sentence]) -> tuple[Values, Values]:
    """Return the share of the question's words (by rarity, 0..1) in each sentence, and in it and what is around it."""
    if not terms:
        return np.zeros(len(candidates)), np.zeros(len(candidates))
    own = [set(stems(candidate.text, candidate.passage.language)) for candidate in candidates]
    above = [set(stems(_above(candidate), candidate.passage.language)) for candidate in candidates]
    nearby = [one | other for one, other in zip(own, above, strict=True)]
    for i in range(1, len(candidates)):
        if candidates[i].n == candidates[i - 1].n:
            nearby[i] |= own[i - 1]
            nearby[i - 1] |= own[i]
    has_own, is_above, is_nearby = (  # each of shape (n_terms, n_sentences)
        np.array([[term.stems[c.passage.language] in words[i] for i, c in enumerate(candidates)] for term in terms])
        for words in (own, above, nearby)
    )
    rarity = np.log1p(len(candidates) / (1 + has_own.sum(axis=1)))
    held = np.where(has_own, 1.0, _HEADED * is_above)
    return rarity @ held / rarity.sum(), rarity @ is_nearby / rarity.sum()


def _above(candidate: Sentence) -> str:
    return f"{candidate.passage.document} {candidate.passage.heading}"


def _passage_scores(candidates: Sequence[Sentence], context: Sequence[Hit]) -> Values:
    """Return how far the passage of each sentence is behind the nearest one, in standard deviations, at most 0."""
    dense = np.array([hit.dense for hit in context])
    behind = (dense - dense.max()) / (dense.std() + 1e-6)
    return np.array([behind[candidate.n - 1] for candidate in candidates])


def _worth_embedding(candidates: Sequence[Sentence], plain: Values, is_foreign: NDArray[np.bool_]) -> Iterator[int]:
    """Yield the places of the best sentences; in two languages in turn, for their plain scores do not compare."""
    order = [int(i) for i in np.argsort(-plain, kind="stable")]
    native, foreign = [i for i in order if not is_foreign[i]], [i for i in order if is_foreign[i]]
    in_turn = (i for i in chain.from_iterable(zip_longest(native, foreign)) if i is not None)
    n_chars = 0
    for n, i in enumerate(in_turn):
        n_chars += len(candidates[i].text)
        if n > 0 and (n >= _MAX_EMBEDDED or n_chars > _MAX_EMBEDDED_CHARS):
            return
        yield i


def _standardised(values: NDArray[np.float32]) -> Values:
    return np.asarray((values - values.mean()) / (values.std() + 1e-6), dtype=np.float64)
