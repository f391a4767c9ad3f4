"""Gate features: overlap of the question's and the hits' spelling prefixes, weighted by inverse frequency in the hits.

Prefixes (``core.confidence.spelling``) compare across Portuguese and English. A word that most hits hold gets little
weight: it does not tell which of them answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.confidence.spelling import prefixes
from core.types import Passage, SearchResult

_N_BACKGROUND = 8
"""Hits after this many are the background that the first is compared with."""

_N_BEST, _N_CUT = 5, 4
"""How many of the first hits ``shared_best`` is the maximum over, and how many are split into sentences."""

_HEADED = 0.7
"""Weight of a word that is in the headings above a sentence instead of in it."""

_LEAST_RARITY = 0.3
_UNTOLD = 0.5

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")

ALIGNMENT = (
    "shared_best",
    "shared_top",
    "shared_margin",
    "shared_anywhere",
    "shared_sentence",
    "shared_pair",
    "shared_agreement",
)


def alignment(found: SearchResult) -> Mapping[str, float]:
    """Return the features ``ALIGNMENT`` of a result with hits, each 0..1 but ``shared_margin`` (-1..1).

    Weighted shares of the question's content words: ``shared_best`` in the best of the first ``_N_BEST`` passages,
    ``shared_top`` in the first, ``shared_margin`` that less the background's mean, ``shared_anywhere`` in any hit
    (unweighted), ``shared_sentence`` in the best sentence, ``shared_pair`` in the best two consecutive sentences.
    ``shared_agreement``: 1 where the passage of the largest share is also that of the largest cosine.
    """
    asked = list(dict.fromkeys(prefix for term in found.question.terms for prefix in term.prefixes))
    if not asked:
        return dict.fromkeys(ALIGNMENT, _UNTOLD) | {"shared_margin": 0.0, "shared_agreement": 0.0}
    above = [set(prefixes(_headings(hit.passage))) for hit in found.hits]
    whole = [head | set(prefixes(hit.passage.text)) for head, hit in zip(above, found.hits, strict=True)]
    n_with = np.array([sum(word in words for words in whole) for word in asked])
    rarity = np.log((len(found.hits) + 1) / (n_with + 0.5)) + _LEAST_RARITY
    held = np.array([[word in words for word in asked] for words in whole]) @ rarity / rarity.sum()
    single, pair = _best_sentences(found, asked, rarity, above)
    return {
        "shared_best": float(held[:_N_BEST].max()),
        "shared_top": float(held[0]),
        "shared_margin": float(held[0] - (held[_N_BACKGROUND:].mean() if len(held) > _N_BACKGROUND else 0.0)),
        "shared_anywhere": float((n_with > 0).mean()),
        "shared_sentence": single,
        "shared_pair": pair,
        "shared_agreement": float(int(held.argmax()) == int(np.argmax([hit.dense for hit in found.hits]))),
    }


def _best_sentences(
    found: SearchResult, asked: Sequence[str], rarity: NDArray[np.float64], above: Sequence[set[str]]
) -> tuple[float, float]:
    """Return the largest share of one sentence, and of two consecutive ones."""
    single = pair = 0.0
    for hit, head in zip(found.hits[:_N_CUT], above, strict=False):
        before: set[str] = set()
        for sentence in _SENTENCE_END.split(hit.passage.text):
            words = set(prefixes(sentence))
            single = max(single, _share(asked, rarity, words, head))
            pair = max(pair, _share(asked, rarity, words | before, head))
            before = words
    return single, pair


def _share(asked: Sequence[str], rarity: NDArray[np.float64], words: set[str], head: set[str]) -> float:
    held = np.array([1.0 if word in words else _HEADED * (word in head) for word in asked])
    return float(held @ rarity / rarity.sum())


def _headings(passage: Passage) -> str:
    return f"{passage.document} {passage.heading}"
