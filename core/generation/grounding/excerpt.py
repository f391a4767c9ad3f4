"""What a reader is given of what was found: the sentences likeliest to answer, as many as it reads at a glance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.generation.grounding.sentence_ranking import Values, plain_scores
from core.generation.grounding.sentences import Sentence, evidence
from core.types import SearchResult

_N_HITS = 4
"""Passages that are looked through; the answer is hardly ever in a later one only."""

MAX_CHARS = 450
"""About three sentences. A reader tells worse, not better, whether an answer is among half as many again."""

_ENOUGH = 0.7
"""When this share of the room is used, a sentence that does not fit ends the choice."""


def excerpt(found: SearchResult) -> str:
    """Return the best sentences of the first hits, each document's under its name; empty when there are none."""
    hits = found.hits[:_N_HITS]
    candidates = evidence(hits)
    if not candidates:
        return ""
    chosen = _chosen(candidates, plain_scores(found.question, candidates, hits))
    return _written([candidates[i] for i in sorted(chosen)])


def _chosen(candidates: Sequence[Sentence], scores: Values) -> list[int]:
    """Return the places of the best sentences that fit, at least one."""
    chosen: list[int] = []
    n_used = 0
    for i in (int(place) for place in np.argsort(-scores, kind="stable")):
        n_chars = len(candidates[i].text)
        if not chosen or n_used + n_chars <= MAX_CHARS:
            chosen.append(i)
            n_used += n_chars
        elif n_used > _ENOUGH * MAX_CHARS:
            break
    return chosen


def _written(chosen: Sequence[Sentence]) -> str:
    parts: list[str] = []
    last: Sentence | None = None
    for sentence in chosen:
        text = sentence.body if _follows(last, sentence) else sentence.text
        is_same = last is not None and last.passage.document_id == sentence.passage.document_id
        parts.append(text if is_same else f"{sentence.passage.document}: {text}")
        last = sentence
    return " ".join(parts)


def _follows(last: Sentence | None, sentence: Sentence) -> bool:
    """Tell whether the sentence that ``sentence`` points back to has just been said."""
    return last is not None and last.n == sentence.n and last.start == sentence.quote_start
