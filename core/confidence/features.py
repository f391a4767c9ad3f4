"""Features of a search result for the gate's logistic regression.

All are functions of the result alone. Those in ``SCALE_FREE`` compare across embedders; those in ``COSINES`` are on
the scale of one embedder's cosines.
Does not cover their weights (``core.confidence.calibrate``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from core.confidence.alignment import ALIGNMENT, alignment
from core.confidence.wording import WORDING, wording
from core.types import Hit, SearchResult

_N_NEAR = 8
"""Hits after this many are the background that the best are compared with."""

_LEAST = 0.1
"""Least spread or cosine, in hundredths, that is divided by."""

_PER_CENT = 100.0
"""Cosines are in hundredths, so that all weights are of one order of magnitude."""

_ALONE = 5.0
"""Lead, in hundredths of a cosine, of a hit without a second to compare with."""

_UNTOLD = 0.5
"""Coverage when the question has no content words: neither for nor against."""

SCALE_FREE = (
    "coverage",
    "plain_coverage",
    "lexical_share",
    "words_asked",
    "agreement",
    "standing",
    "relative_margin",
    "log_searched",
    "crosses_languages",
    "lexical_gap",
    "lexical_lead",
    *ALIGNMENT,
    *WORDING,
)
COSINES = (
    "top_cosine",
    "margin",
    "background_margin",
    "lexical_top_cosine",
    "document_gap",
    "fourth_gap",
    "least_cosine",
)


def features(found: SearchResult) -> Mapping[str, float]:
    """Return every feature of a search result. Raises ``ValueError`` for one without hits."""
    if not found.hits:
        raise ValueError("nothing was found")
    plain = {**_words(found), **_cosines(found.hits), **_gaps(found), **_setting(found)}
    return {**plain, **alignment(found), **wording(found)}


def coverage(found: SearchResult, hit: Hit) -> float:
    """Return the share of the question's content words in the passage, weighted by idf, 0..1."""
    total = sum(term.idf for term in found.question.terms)
    return sum(found.question.terms[place].idf for place in hit.matched) / total if total else _UNTOLD


def crosses_languages(found: SearchResult) -> bool:
    """Return whether the first passage is in another language than the question, so that stems do not compare."""
    return bool(found.hits) and found.hits[0].passage.language != found.question.language


def spec_confidence(found: SearchResult) -> float:
    """Return the specification's C (section 3.5): the mean cosine of the context, mapped from -1..1 to 0..1."""
    cosines = sorted((hit.dense for hit in found.context), reverse=True)[:_N_NEAR]
    return min(1.0, max(0.0, (sum(cosines) / len(cosines) + 1) / 2)) if cosines else 0.0


def _words(found: SearchResult) -> Mapping[str, float]:
    """Return the lexical features; 0 each across languages, where stems do not compare."""
    if crosses_languages(found):
        return dict.fromkeys(("coverage", "plain_coverage", "lexical_share", "words_asked", "agreement"), 0.0)
    best = found.hits[0]
    n_terms = len(found.question.terms)
    by_words, by_meaning = max(found.hits, key=_lexical), max(found.hits, key=_dense)
    possible = _BM25_CEILING * sum(term.idf for term in found.question.terms)
    return {
        "coverage": coverage(found, best),
        "plain_coverage": len(best.matched) / n_terms if n_terms else _UNTOLD,
        "lexical_share": by_words.lexical / possible if possible else _UNTOLD,
        "words_asked": math.log1p(n_terms),
        "agreement": float(by_words.lexical > 0 and by_words.passage.id == by_meaning.passage.id),
    }


_BM25_CEILING = 2.2
"""Upper bound of BM25's term frequency factor (k1 + 1): a word adds less than this times its idf."""


def _cosines(hits: tuple[Hit, ...]) -> Mapping[str, float]:
    cosines = np.sort([hit.dense for hit in hits])[::-1] * _PER_CENT
    top, mean, spread = float(cosines[0]), float(cosines.mean()), float(cosines.std())
    background = float(cosines[_N_NEAR:].mean()) if len(cosines) > _N_NEAR else float(cosines[-1])
    by_words = max(hits, key=_lexical)
    return {
        "top_cosine": hits[0].dense * _PER_CENT,
        "margin": top - mean,
        "background_margin": top - background,
        "lexical_top_cosine": (by_words.dense * _PER_CENT - top) if by_words.lexical > 0 else 0.0,
        "standing": (top - mean) / max(spread, _LEAST),
        "relative_margin": (top - background) / max(abs(top), _LEAST),
    }


def _gaps(found: SearchResult) -> Mapping[str, float]:
    """Return the lead of the best: of BM25 over the second (relative to the ceiling and to itself), and of cosines.

    ``document_gap`` is the best cosine less that of the second document, ``fourth_gap`` the best less the mean of the
    third and fourth; ``_ALONE`` where there are none.
    """
    lexical = sorted((hit.lexical for hit in found.hits), reverse=True)
    possible = _BM25_CEILING * sum(term.idf for term in found.question.terms)
    cosines = sorted((hit.dense * _PER_CENT for hit in found.hits), reverse=True)
    of_document: dict[int, float] = {}
    for hit in sorted(found.hits, key=_dense):
        of_document[hit.passage.document_id] = hit.dense * _PER_CENT
    documents = sorted(of_document.values(), reverse=True)
    ahead = lexical[0] - lexical[1] if len(lexical) > 1 else lexical[0]
    return {
        "lexical_gap": ahead / possible if possible else 0.0,
        "lexical_lead": ahead / lexical[0] if lexical[0] else 0.0,
        "document_gap": documents[0] - documents[1] if len(documents) > 1 else _ALONE,
        "fourth_gap": cosines[0] - sum(cosines[2:4]) / len(cosines[2:4]) if len(cosines) > 2 else _ALONE,
        "least_cosine": cosines[-1],
    }


def _setting(found: SearchResult) -> Mapping[str, float]:
    return {
        "log_searched": math.log(max(found.n_searched, 1)),
        "crosses_languages": float(crosses_languages(found)),
    }


def _lexical(hit: Hit) -> float:
    return hit.lexical


def _dense(hit: Hit) -> float:
    return hit.dense
