"""Joins what the dense and the lexical search found into one ranking."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What both searches say about the same ``n`` passages.

    ``dense``: cosines, shape ``(n,)``. ``lexical``: BM25 scores, shape ``(n,)``, 0 where BM25 did not find it.
    """

    dense: Scores
    lexical: Scores


Fusion = Callable[[Candidates], Scores]
"""Gives each candidate one score, the higher the better."""

RRF_K = 60

_SHARE_OF_DENSE = 0.6
"""Weight of the standardised cosines against the standardised BM25 scores where the embedder is not a fitted one."""

_LOWEST = -2.0


@dataclass(frozen=True, slots=True)
class ScaledSum:
    """Adds cosines to BM25 scores on one scale, fitted for an embedder: one cosine is worth ``nats_per_cosine``.

    Unlike ranks, scores say how much better a passage is: where BM25 finds nothing telling its scores are small and
    near each other, and the cosines decide; where it finds a rare word, it does.
    """

    nats_per_cosine: float

    def __call__(self, candidates: Candidates) -> Scores:
        """Return the sums."""
        return self.nats_per_cosine * candidates.dense + candidates.lexical


def standardised_sum(candidates: Candidates) -> Scores:
    """Return a weighted sum of z-scores, which asks nothing of the embedder's scale."""
    dense, lexical = _standardised(candidates.dense), _standardised(candidates.lexical)
    return _SHARE_OF_DENSE * dense + (1 - _SHARE_OF_DENSE) * lexical


def dense_alone(candidates: Candidates) -> Scores:
    """Return the cosines: the dense half, for comparison."""
    return candidates.dense


def lexical_alone(candidates: Candidates) -> Scores:
    """Return the BM25 scores, what BM25 did not find last: the lexical half, for comparison."""
    return candidates.lexical


@cache
def fusion_for(embedder_id: str) -> Fusion:
    """Return the best fusion known for an embedder: the fitted one of its family, else one that needs no fit."""
    fitted = json.loads((files("core.retrieval") / "fusion.json").read_text(encoding="utf-8"))
    nats = (row["nats_per_cosine"] for row in fitted["embedders"] if embedder_id.startswith(row["id_prefix"]))
    return next((ScaledSum(each) for each in nats), standardised_sum)


def reciprocal_rank(candidates: Candidates) -> Scores:
    """Return reciprocal rank fusion's scores (Cormack et al. 2009, k = 60); what BM25 did not find adds nothing."""
    lexical = np.where(candidates.lexical > 0, 1 / (RRF_K + _ranks(candidates.lexical)), 0)
    return 1 / (RRF_K + _ranks(candidates.dense)) + lexical


def _standardised(scores: Scores) -> Scores:
    """Return z-scores, none below ``_LOWEST``: that one search did not see a passage must not outweigh the other."""
    spread = scores.std() if len(scores) else 0.0
    return np.maximum((scores - scores.mean()) / spread, _LOWEST) if spread > 0 else np.zeros(len(scores))


def _ranks(scores: Scores) -> Scores:
    """Return ranks from 1, highest score first; of equals, the first."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks
