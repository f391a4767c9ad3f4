"""Features of a search result for the gate's logistic regression.

Each compares the question with the best passages. None depends on how much else was searched, nor on the length or the
form of the question. Does not cover their weights (``core.confidence.calibrate``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from core.confidence.everyday import everyday_cosine
from core.confidence.spelling import plain, prefixes
from core.types import Hit, SearchResult

_N_BEST = 3
"""How many of the first hits are compared with the question word by word."""

_N_CONTEXT = 8
"""Size of the context that the specification's C is the mean of."""

_PER_CENT = 100.0
"""Cosines are in hundredths, so that all weights are of one order of magnitude."""

_USUAL_LEAD = 0.11
"""Lead where none is known, as in Portuguese: the mean of those known, so that it tells nothing."""

_UNTOLD = 0.5
"""Share when the question has no such words: neither for nor against."""

_NAME = re.compile(r"[^\W_][\w'’.-]*[^\W_]|[^\W_]")

READ = ("evidence", "lead")
"""What a reader tells."""

SCALE_FREE = (
    "stems_held",
    "prefixes_held",
    "names_held",
    "agreement",
    "crosses_languages",
)
"""Features that compare across embedders."""

COSINES = ("top_cosine",)
"""Features on the scale of one embedder's cosines."""

EVERYDAY = ("everyday",)
"""Told of the default embedder's vectors alone."""


def features(found: SearchResult) -> Mapping[str, float]:
    """Return every feature of a search result. Raises ``ValueError`` for one without hits.

    ``top_cosine``: of the first passage, in hundredths. ``stems_held``: the largest share of the question's content
    words in one of the first three passages, 0 across languages, where stems do not compare. ``prefixes_held``: the
    share of their spelling prefixes that these passages hold together. ``names_held``: the share of the question's
    names and numbers in the first passage. ``agreement``: 1 where the best passage by words is the best by cosine.
    ``everyday``: how much nearer the nearest everyday subject is to the question than any passage, in hundredths; 0
    where a passage is nearer. Where a reader read, ``evidence``: the highest log-odds of the first three passages that
    were read; ``lead``: how far the nearest passage is ahead of the next ones, in hundredths.
    """
    if not found.hits:
        raise ValueError("nothing was found")
    best = found.hits[:_N_BEST]
    by_meaning, by_words = max(found.hits, key=_dense), max(found.hits, key=_lexical)
    is_foreign = crosses_languages(found)
    read = [hit.evidence for hit in found.hits if hit.evidence is not None][:_N_BEST]
    agree = by_words.lexical > 0 and by_words.passage.id == by_meaning.passage.id
    return {
        "top_cosine": found.hits[0].dense * _PER_CENT,
        "stems_held": _stems_held(found, best),
        "prefixes_held": _prefixes_held(found, best),
        "names_held": _names_held(found.question.text, best[0]),
        "agreement": float(agree and not is_foreign),
        "crosses_languages": float(is_foreign),
        "everyday": max(0.0, everyday_cosine(found.query_vector) - by_meaning.dense) * _PER_CENT,
        **({"evidence": max(read), "lead": _lead(found) * _PER_CENT} if read else {}),
    }


def coverage(found: SearchResult, hit: Hit) -> float:
    """Return the share of the question's content words in the passage, weighted by idf, 0..1."""
    total = sum(term.idf for term in found.question.terms)
    return sum(found.question.terms[place].idf for place in hit.matched) / total if total else _UNTOLD


def crosses_languages(found: SearchResult) -> bool:
    """Return whether the first passage is in another language than the question, so that stems do not compare."""
    return bool(found.hits) and found.hits[0].passage.language != found.question.language


def spec_confidence(found: SearchResult) -> float:
    """Return the specification's C (section 3.5): the mean cosine of the context, mapped from -1..1 to 0..1."""
    cosines = sorted((hit.dense for hit in found.context), reverse=True)[:_N_CONTEXT]
    return min(1.0, max(0.0, (sum(cosines) / len(cosines) + 1) / 2)) if cosines else 0.0


def _lead(found: SearchResult) -> float:
    return _USUAL_LEAD if found.lead is None else found.lead


def _stems_held(found: SearchResult, best: Sequence[Hit]) -> float:
    own = [len(hit.matched) for hit in best if hit.passage.language == found.question.language]
    n_terms = len(found.question.terms)
    return max(own, default=0) / n_terms if n_terms else _UNTOLD


def _prefixes_held(found: SearchResult, best: Sequence[Hit]) -> float:
    asked = {prefix for term in found.question.terms for prefix in term.prefixes}
    held = {prefix for hit in best for prefix in prefixes(_whole(hit))}
    return len(asked & held) / len(asked) if asked else _UNTOLD


def _names_held(question: str, first: Hit) -> float:
    names = [plain(match.group()) for match in _NAME.finditer(question) if _is_name(match)]
    text = plain(_whole(first))
    return sum(name in text for name in names) / len(names) if names else _UNTOLD


def _is_name(match: re.Match[str]) -> bool:
    first = match.group()[0]
    return first.isdigit() or (first.isupper() and match.start() > 0)


def _whole(hit: Hit) -> str:
    return f"{hit.passage.document} {hit.passage.heading} {hit.passage.text}"


def _lexical(hit: Hit) -> float:
    return hit.lexical


def _dense(hit: Hit) -> float:
    return hit.dense
