"""Score fusion: one ranking from dense and lexical scores."""

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
    """Both searches' scores of the same ``n`` passages.

    ``dense``: cosines, shape ``(n,)``. ``lexical``: BM25 scores, shape ``(n,)``, 0 where BM25 did not find it.
    """

    dense: Scores
    lexical: Scores


Fusion = Callable[[Candidates], Scores]
"""Returns one score for each candidate, shape ``(n,)``, higher is better."""

FusionLookup = Callable[[str], Fusion]
"""Returns the fusion for an embedder's id."""

RRF_K = 60

_SHARE_OF_DENSE = 0.6
"""Weight of the z-scored cosines, against 1 minus it for BM25, where no fusion was fitted for the embedder."""

_LOWEST = -2.0


@dataclass(frozen=True, slots=True)
class ScaledSum:
    """Linear fusion with a slope fitted for an embedder: ``nats_per_cosine * cosine + bm25``.

    Unlike rank fusion it keeps score differences: where no rare word matches, BM25 scores are small and close, and the
    cosines decide; where one does, BM25 decides.
    """

    nats_per_cosine: float

    def __call__(self, candidates: Candidates) -> Scores:
        """Return the fused scores, shape ``(n,)``."""
        return self.nats_per_cosine * candidates.dense + candidates.lexical


def standardised_sum(candidates: Candidates) -> Scores:
    """Return a weighted sum of z-scores, independent of the embedder's scale."""
    dense, lexical = _standardised(candidates.dense), _standardised(candidates.lexical)
    return _SHARE_OF_DENSE * dense + (1 - _SHARE_OF_DENSE) * lexical


def dense_alone(candidates: Candidates) -> Scores:
    """Return the cosines: dense search alone, a baseline."""
    return candidates.dense


def lexical_alone(candidates: Candidates) -> Scores:
    """Return the BM25 scores: lexical search alone, a baseline."""
    return candidates.lexical


@cache
def fusion_for(embedder_id: str) -> Fusion:
    """Return the fusion fitted for an embedder's family (``fusion.json``), else ``standardised_sum``."""
    fitted = json.loads((files("core.retrieval") / "fusion.json").read_text(encoding="utf-8"))
    nats = (row["nats_per_cosine"] for row in fitted["embedders"] if embedder_id.startswith(row["id_prefix"]))
    return next((ScaledSum(each) for each in nats), standardised_sum)


def reciprocal_rank(candidates: Candidates) -> Scores:
    """Return reciprocal rank fusion (Cormack et al. 2009, k = 60); no lexical addend where BM25 found nothing."""
    lexical = np.where(candidates.lexical > 0, 1 / (RRF_K + _ranks(candidates.lexical)), 0)
    return 1 / (RRF_K + _ranks(candidates.dense)) + lexical


def _standardised(scores: Scores) -> Scores:
    """Return z-scores, at least ``_LOWEST``: a passage that one search did not find must not be ruled out by it."""
    spread = scores.std() if len(scores) else 0.0
    return np.maximum((scores - scores.mean()) / spread, _LOWEST) if spread > 0 else np.zeros(len(scores))


def _ranks(scores: Scores) -> Scores:
    """Return ranks from 1, highest score first; of equals, the first."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks
