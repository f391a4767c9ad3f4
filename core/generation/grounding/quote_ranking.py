"""How well each quotation of a context answers a question.

A linear score over ``FEATURES``: differences of scores are log-odds that one rather than the other answers. The
weights are in ``quote_weights.json``, with what they were fitted on; ``bench/quote_fit.py`` makes them, and
``bench/extract.py`` measures what comes of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.generation.grounding.answer_type import share_held
from core.generation.grounding.quotation import QuotablePassage, Quotation
from core.generation.prompting.neighbouring_passages import widened
from core.ports import Embedder, Reranker
from core.retrieval.analyzer import distinct_stems
from core.retrieval.chunk import searched_text
from core.retrieval.second_embedder import for_language
from core.types import AnalyzedQuestion, Hit, Passage, SearchResult, Vector

WINDOW_CHARS = 320
"""The room of a quotation that is ranked, about three sentences."""

FEATURES = ("meaning", "second", "found", "place", "words", "words_above", "lexical", "expected", "fragment", "length")
"""Of a quotation: its cosine to the question, and that by the second embedder where it reads the question's language,
each in standard deviations of those compared. Of its passage: the search's score, in standard deviations behind the
best, and the logarithm of its place. Of the question's words, by rarity: the share in it, and the share only in what it
stands under; its passage's BM25 score, relative to the best. The share it holds of what the question expects; whether
it is a fragment; the share of the room that it fills."""

READ_BY_MEANING = 2
"""How many of ``FEATURES`` come from embedding a quotation: the first."""

_MAX_READ, _MAX_READ_OF_PASSAGE = 28, 6
"""Quotations compared by meaning, the best by everything else: embedding is nearly all the time this takes."""

_FRAGMENT_CHARS = 60

Values = NDArray[np.float64]
"""One number for each quotation, shape ``(n_quotations,)``."""

Features = NDArray[np.float64]
"""A row for each quotation, a column for each of ``FEATURES``, shape ``(n_quotations, 10)``."""


@dataclass(frozen=True, slots=True)
class ScoredQuotation:
    """A quotation and how well it answers the question: differences of ``score`` are log-odds."""

    quotation: Quotation
    score: float


def rank_quotations(
    found: SearchResult,
    neighbours: Sequence[Passage],
    embedder: Embedder,
    reranker: Reranker | None = None,
    second: Embedder | None = None,
) -> list[ScoredQuotation]:
    """Return the quotations of the context that may answer the question, best first. Blocks while embedding.

    ``neighbours`` are the passages right before and after those of the context. A ``reranker`` takes the place of the
    embedder; its scores have to be log-odds. Where the ``second`` embedder reads the question's language, other weights
    apply.
    """
    candidates = quotations(found.context, neighbours)
    if not candidates:
        return []
    second = for_language(second, found.question.language)
    weights = _weights("weights" if second is None else "with_second")
    plain = plain_features(found, candidates) @ weights
    chosen = _worth_reading(candidates, plain)
    texts = [text_with_headings(candidates[i]) for i in chosen]
    if reranker is None:
        meaning = meanings(found, texts, embedder, second) @ weights[:READ_BY_MEANING]
    else:
        meaning = np.asarray(reranker.scores(found.question.text, texts), dtype=np.float64)
    scores: Values = plain[chosen] + meaning
    order = np.argsort(-scores, kind="stable")
    return [ScoredQuotation(candidates[chosen[place]], float(scores[place])) for place in order]


def quotations(context: Sequence[Hit], neighbours: Sequence[Passage]) -> list[Quotation]:
    """Return the quotations of the passages, numbered from 1; nothing twice of what two passages share."""
    return list(_quotations(context, neighbours))


def _quotations(context: Sequence[Hit], neighbours: Sequence[Passage]) -> Iterator[Quotation]:
    known = {passage.id: passage for passage in (*neighbours, *(hit.passage for hit in context))}
    seen: set[tuple[int, int, int]] = set()
    for n, hit in enumerate(context, start=1):
        for quotation in QuotablePassage(n, hit.passage, widened(hit.passage, known)).windows(WINDOW_CHARS):
            place = (hit.passage.document_id, *quotation.span)
            if place not in seen:
                seen.add(place)
                yield quotation


def plain_features(found: SearchResult, candidates: Sequence[Quotation]) -> Features:
    """Return the features of quotations of ``found.context``, what comes from embedding them as 0."""
    question, hits = found.question, [found.context[candidate.passage.n - 1] for candidate in candidates]
    is_foreign = np.array([hit.passage.language != question.language for hit in hits])
    is_mixed = is_foreign.any() and not is_foreign.all()
    scores = np.array([hit.dense if is_mixed else hit.score for hit in found.context])  # BM25 tells within a language
    behind = (scores - scores.max()) / (scores.std() + 1e-6)
    lexical = _imputed(np.array([hit.lexical for hit in hits]), is_foreign)
    own, above = (_imputed(shares, is_foreign) for shares in _word_shares(question, candidates))
    sizes = np.array([len(candidate.text) for candidate in candidates])
    places = np.array([candidate.passage.n for candidate in candidates])
    held = np.array([share_held(question.answer_types, candidate.text) for candidate in candidates])
    return np.column_stack(
        [
            *[np.zeros(len(candidates))] * READ_BY_MEANING,
            behind[places - 1],
            np.log(places),
            own,
            above,
            lexical / (lexical.max() + 1e-6),
            held,
            sizes < _FRAGMENT_CHARS,
            np.minimum(sizes / WINDOW_CHARS, 1.0),
        ]
    )


def meanings(found: SearchResult, texts: Sequence[str], embedder: Embedder, second: Embedder | None) -> Features:
    """Return how near each text is to the question by each embedder, shape ``(len(texts), READ_BY_MEANING)``. Blocks.

    The second column is 0 without a second embedder.
    """
    first = _standardised(embedder.embed_passages(texts) @ _question(found, embedder))
    if second is None:
        return np.column_stack([first, np.zeros(len(texts))])
    return np.column_stack(
        [first, _standardised(second.embed_passages(texts) @ second.embed_query(found.question.text))]
    )


def _imputed(values: Values, is_foreign: NDArray[np.bool_]) -> Values:
    """Return ``values`` with those of foreign quotations, which share no words, raised to the best native one's."""
    if is_foreign.all() or not is_foreign.any():
        return values
    return np.where(is_foreign, np.maximum(values, values[~is_foreign].max()), values)


def _word_shares(question: AnalyzedQuestion, candidates: Sequence[Quotation]) -> tuple[Values, Values]:
    """Return the share of the question's words, by rarity (0..1), in each quotation, and only in what is above it."""
    if not question.terms:
        return np.zeros(len(candidates)), np.zeros(len(candidates))
    languages = [candidate.passage.passage.language for candidate in candidates]
    own = [distinct_stems(each.text, language) for each, language in zip(candidates, languages, strict=True)]
    above = [distinct_stems(_headings(each), language) for each, language in zip(candidates, languages, strict=True)]
    is_own, is_above = (  # each of shape (n_terms, n_quotations)
        np.array(
            [
                [term.stems[lang] in words for lang, words in zip(languages, held, strict=True)]
                for term in question.terms
            ]
        )
        for held in (own, above)
    )
    rarity = np.array([term.idf for term in question.terms]) + 1e-3
    return rarity @ is_own / rarity.sum(), rarity @ (is_above & ~is_own) / rarity.sum()


def _headings(quotation: Quotation) -> str:
    passage = quotation.passage.passage
    return f"{passage.document} {passage.heading} {quotation.heading}"


def text_with_headings(quotation: Quotation) -> str:
    """Return what a quotation is compared by: its text below the headings of its passage."""
    passage = quotation.passage.passage
    return searched_text(passage.document, passage.heading, quotation.text)


def _worth_reading(candidates: Sequence[Quotation], plain: Values) -> list[int]:
    """Return the places of the best quotations by ``plain``, a few of each passage."""
    n_taken = Counter[int]()
    chosen: list[int] = []
    for i in np.argsort(-plain, kind="stable"):
        n = candidates[i].passage.n
        if n_taken[n] < _MAX_READ_OF_PASSAGE:
            n_taken[n] += 1
            chosen.append(int(i))
    return chosen[:_MAX_READ]


@cache
def _weights(case: Literal["weights", "with_second"]) -> Values:
    told = json.loads((files("core.generation.grounding") / "quote_weights.json").read_text(encoding="utf-8"))
    return np.array([told[case][name] for name in FEATURES])


def _question(found: SearchResult, embedder: Embedder) -> Vector:
    """Return the question's vector, made anew where another embedder has taken over since the search."""
    return found.query_vector if len(found.query_vector) == embedder.dim else embedder.embed_query(found.question.text)


def _standardised(values: NDArray[np.float32]) -> Values:
    return np.asarray((values - values.mean()) / (values.std() + 1e-6), dtype=np.float64)
