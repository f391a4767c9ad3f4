"""Gate features of the question's wording: missing rare words, names, numbers, bigrams, proximity in the best passages.

Does not cover overlap of spelling prefixes (``core.confidence.alignment``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from core.confidence.spelling import plain, prefixes
from core.types import Hit, SearchResult

_N_BEST = 4
"""How many of the first hits names, bigrams and proximity are looked for in."""

_WINDOW = 12
"""Size of the proximity window, in words of the passage."""

_MAX_NAMES = 5
_UNTOLD = 0.5

_NAME = re.compile(r"[^\W_][\w'’.-]*[^\W_]|[^\W_]")

WORDING = (
    "rarest_missing",
    "absent",
    "first_three",
    "names",
    "names_missing",
    "names_held",
    "numbers_missing",
    "pairs_kept",
    "closeness",
    "question_words",
)


def wording(found: SearchResult) -> Mapping[str, float]:
    """Return the features ``WORDING`` of a result with hits.

    By idf: ``rarest_missing`` is the largest idf of a word that the first passage lacks, relative to the largest of
    all; ``absent`` the share that no hit holds, ``first_three`` the share that the first three hold together. Names
    and numbers of the question: ``names`` how many, ``names_missing`` and ``numbers_missing`` how many the best
    passages lack, ``names_held`` the share in the first. ``pairs_kept``: the share of the question's bigrams in one
    passage, at most one word apart; ``closeness``: the share of its words in one window; ``question_words``: how many
    words it has.
    """
    return {
        **_rarity(found),
        **_named(found),
        **_together(found),
        "question_words": float(len(found.question.prefixes)),
    }


def _rarity(found: SearchResult) -> Mapping[str, float]:
    rarities = [term.idf for term in found.question.terms]
    total = sum(rarities)
    if not total:
        return {"rarest_missing": 0.0, "absent": 0.0, "first_three": _UNTOLD}
    missing = set(range(len(rarities))) - set(found.hits[0].matched)
    return {
        "rarest_missing": max((rarities[place] for place in missing), default=0.0) / max(rarities),
        "absent": 1 - _held(found.hits, rarities) / total,
        "first_three": _held(found.hits[:3], rarities) / total,
    }


def _held(hits: Sequence[Hit], rarities: Sequence[float]) -> float:
    return sum(rarities[place] for place in {place for hit in hits for place in hit.matched})


def _named(found: SearchResult) -> Mapping[str, float]:
    matches = [match for match in _NAME.finditer(found.question.text) if _is_name(match)]
    names = [plain(match.group()) for match in matches]
    first = plain(_whole(found.hits[0]))
    best = " ".join([first, *(plain(_whole(hit)) for hit in found.hits[1:_N_BEST])])
    lacking = [name for name in names if name not in best]
    return {
        "names": float(min(len(names), _MAX_NAMES)),
        "names_missing": float(min(len(lacking), _MAX_NAMES)),
        "names_held": sum(name in first for name in names) / len(names) if names else _UNTOLD,
        "numbers_missing": float(min(sum(name[0].isdigit() for name in lacking), _MAX_NAMES)),
    }


def _is_name(match: re.Match[str]) -> bool:
    first = match.group()[0]
    return first.isdigit() or (first.isupper() and match.start() > 0)


def _whole(hit: Hit) -> str:
    return f"{hit.passage.document} {hit.passage.heading} {hit.passage.text}"


def _together(found: SearchResult) -> Mapping[str, float]:
    """Return the share of bigrams kept, and of words within one window; 0 where the question has none."""
    asked = found.question.prefixes
    pairs, distinct = set(pairwise(asked)), set(asked)
    kept = close = 0.0
    for hit in found.hits[:_N_BEST]:
        text = prefixes(hit.passage.text)
        if pairs:
            near = set(pairwise(text)) | set(zip(text, text[2:], strict=False))
            kept = max(kept, len(pairs & near) / len(pairs))
        if distinct:
            close = max(close, _most_in_window(text, distinct) / len(distinct))
    return {"pairs_kept": kept, "closeness": close}


def _most_in_window(text: Sequence[str], asked: set[str]) -> int:
    """Return the largest number of different words of the question within one window of the text."""
    places = [(place, word) for place, word in enumerate(text) if word in asked]
    most = 0
    for n, (first, _) in enumerate(places):
        most = max(most, len({word for place, word in places[n : n + _WINDOW] if place - first < _WINDOW}))
    return most
