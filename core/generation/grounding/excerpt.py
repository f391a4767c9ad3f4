"""The excerpt that a reader reads: the best-ranked sentences of the first hits, up to ``MAX_CHARS``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.generation.grounding.candidate_sentences import CandidateSentence, candidate_sentences
from core.generation.grounding.sentence_ranking import Values, plain_scores
from core.types import SearchResult

_N_HITS = 4
"""Hits that sentences are taken from; an answer is rarely in a later one only."""

MAX_CHARS = 450
"""About three sentences. With half as many again a reader judges worse, not better."""

_ENOUGH = 0.7
"""Once this share of ``MAX_CHARS`` is used, the first sentence that does not fit ends the selection."""


def excerpt(found: SearchResult) -> str:
    """Return the best sentences of the first hits in their order, each document's after its name; empty without any."""
    hits = found.hits[:_N_HITS]
    candidates = candidate_sentences(hits)
    if not candidates:
        return ""
    chosen = _chosen(candidates, plain_scores(found.question, candidates, hits))
    return _written([candidates[i] for i in sorted(chosen)])


def _chosen(candidates: Sequence[CandidateSentence], scores: Values) -> list[int]:
    """Return the indices of the best sentences that fit, at least one."""
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


def _written(chosen: Sequence[CandidateSentence]) -> str:
    parts: list[str] = []
    last: CandidateSentence | None = None
    for sentence in chosen:
        text = sentence.body if _follows(last, sentence) else sentence.text
        is_same = last is not None and last.passage.document_id == sentence.passage.document_id
        parts.append(text if is_same else f"{sentence.passage.document}: {text}")
        last = sentence
    return " ".join(parts)


def _follows(last: CandidateSentence | None, sentence: CandidateSentence) -> bool:
    """Return whether ``last`` is the sentence that an anaphoric ``sentence`` refers to."""
    return last is not None and last.n == sentence.n and last.start == sentence.quote_start
