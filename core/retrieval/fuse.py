"""Joins what the dense and the lexical search found into one ranking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What both searches say about the same ``n`` passages.

    ``dense``: cosines, shape ``(n,)``. ``lexical``: BM25 scores, shape ``(n,)``, 0 where BM25 did not find it.
    ``best_lexical``: what BM25 would give a passage that holds every word of the question, > 0.
    """

    dense: Scores
    lexical: Scores
    best_lexical: float


Fusion = Callable[[Candidates], Scores]
"""Gives each candidate one score, the higher the better."""

RRF_K = 60


def reciprocal_rank(candidates: Candidates) -> Scores:
    """Return reciprocal rank fusion's scores (Cormack et al. 2009, k = 60); what BM25 did not find adds nothing."""
    lexical = np.where(candidates.lexical > 0, 1 / (RRF_K + _ranks(candidates.lexical)), 0)
    return 1 / (RRF_K + _ranks(candidates.dense)) + lexical


def _ranks(scores: Scores) -> Scores:
    """Return ranks from 1, highest score first; of equals, the first."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks
