"""Answer sentence selection: ranks the sentences of a context by a linear score over six features.

Scores compare within one context only. The weights were fitted (softmax over the sentences of a context) on English
and Portuguese reading comprehension questions and on the sample handbook; ``bench/extract.py`` measures them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

import numpy as np
from numpy.typing import NDArray

from core.generation.grounding.answer_type import share_held
from core.generation.grounding.candidate_sentences import CandidateSentence, candidate_sentences
from core.ports import Embedder
from core.retrieval.analyzer import stems
from core.types import AnalyzedQuestion, Hit, QueryTerm, SearchResult, Vector

_MAX_EMBEDDED = 24
_MAX_EMBEDDED_CHARS = 3000
"""Most sentences and characters that are embedded, best plain score first: embedding dominates the time."""

_COSINE, _FOREIGN_COSINE, _WORDS, _NEARBY_WORDS, _PASSAGE, _EXPECTED = 0.9, 3.1, 4.1, 2.8, 0.8, 1.9
"""Feature weights. Cosines are z-scored over the context, because embedders differ in scale. A sentence in another
language shares no stems with the question, so its cosine weighs ``_FOREIGN_COSINE`` more."""

_HEADED = 0.7
"""Weight of a word that the headings above a sentence have instead of the sentence."""

Values = NDArray[np.float64]
"""One number for each sentence, shape ``(n_sentences,)``."""


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    """A sentence and how well it answers the question: differences of ``score`` are log-odds."""

    sentence: CandidateSentence
    score: float


def rank(found: SearchResult, embedder: Embedder) -> list[ScoredSentence]:
    """Return the embedded sentences of the context, best first; empty without any. Blocks while embedding."""
    candidates = candidate_sentences(found.context)
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
    """Return the question's vector, embedded again where the embedder changed since the search."""
    return found.query_vector if len(found.query_vector) == embedder.dim else embedder.embed_query(found.question.text)


def plain_scores(question: AnalyzedQuestion, candidates: Sequence[CandidateSentence], hits: Sequence[Hit]) -> Values:
    """Return the score of each sentence of ``hits`` without its own cosine, shape ``(n,)``: needs no embedding."""
    words, nearby = _word_scores(question.terms, candidates)
    plain = _WORDS * words + _NEARBY_WORDS * nearby + _PASSAGE * _passage_scores(candidates, hits)
    return np.asarray(
        plain + _EXPECTED * np.array([share_held(question.answer_types, candidate.text) for candidate in candidates])
    )


def _word_scores(terms: Sequence[QueryTerm], candidates: Sequence[CandidateSentence]) -> tuple[Values, Values]:
    """Return the idf-weighted share of the terms in each sentence, and with its headings and neighbours, 0..1 each."""
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


def _above(candidate: CandidateSentence) -> str:
    return f"{candidate.passage.document} {candidate.passage.heading}"


def _passage_scores(candidates: Sequence[CandidateSentence], context: Sequence[Hit]) -> Values:
    """Return the z-scored cosine of each sentence's passage less that of the nearest passage, at most 0."""
    dense = np.array([hit.dense for hit in context])
    behind = (dense - dense.max()) / (dense.std() + 1e-6)
    return np.array([behind[candidate.n - 1] for candidate in candidates])


def _worth_embedding(
    candidates: Sequence[CandidateSentence], plain: Values, is_foreign: NDArray[np.bool_]
) -> Iterator[int]:
    """Yield the indices of the best sentences, both languages alternating: their plain scores do not compare."""
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
