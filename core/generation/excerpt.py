"""What a reader is given of what was found: the sentences likeliest to answer, as many as it reads at a glance."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from core.generation.evidence import Sentence, evidence
from core.generation.relevance import Values, plain_scores
from core.types import Found

_N_HITS = 4
"""Passages that are looked through; the answer is hardly ever in a later one only."""

MAX_TOKENS = 100
"""About three sentences: what a reader of nine small layers reads in some tens of milliseconds."""

_HEAD_TOKENS = 6
"""What naming another document takes, about."""

_ENOUGH = 0.7
"""When this share of the room is used, a sentence that does not fit ends the choice."""


def excerpt(found: Found, count_tokens: Callable[[str], int]) -> str:
    """Return the best sentences of the first hits, each document's under its name; empty when there are none."""
    hits = found.hits[:_N_HITS]
    candidates = evidence(hits)
    if not candidates:
        return ""
    chosen = _chosen(candidates, plain_scores(found.query, candidates, hits), count_tokens)
    return _written([candidates[i] for i in sorted(chosen)])


def _chosen(candidates: Sequence[Sentence], scores: Values, count_tokens: Callable[[str], int]) -> list[int]:
    """Return the places of the best sentences that fit, at least one."""
    chosen: list[int] = []
    n_used = 0
    for i in (int(place) for place in np.argsort(-scores, kind="stable")):
        is_new = candidates[i].n not in {candidates[other].n for other in chosen}
        n_tokens = count_tokens(candidates[i].text) + (_HEAD_TOKENS if is_new else 0)
        if not chosen or n_used + n_tokens <= MAX_TOKENS:
            chosen.append(i)
            n_used += n_tokens
        elif n_used > _ENOUGH * MAX_TOKENS:
            break
    return chosen


def _written(chosen: Sequence[Sentence]) -> str:
    parts: list[str] = []
    before = 0
    for sentence in chosen:
        parts.append(sentence.text if sentence.n == before else f"{sentence.passage.document}: {sentence.text}")
        before = sentence.n
    return " ".join(parts)
