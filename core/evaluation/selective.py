"""Metrics of selective answering: how well a confidence separates answerable from unanswerable questions.

``scores`` are confidences, shape ``(n,)``; ``labels`` are true where the question is answerable, shape ``(n,)``.
Measures that need both labels are ``nan`` when there is only one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Labels = NDArray[np.bool_]


def auroc(scores: Scores, labels: Labels) -> float:
    """Return the probability that an answerable question scores above an unanswerable one; ties count half."""
    n_positive, n_negative = int(labels.sum()), int((~labels).sum())
    if not n_positive or not n_negative:
        return math.nan
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    rank_sum = float(mean_rank[place][labels].sum())
    return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)


def balanced_accuracy(accepted: Labels, labels: Labels) -> float:
    """Return the mean of sensitivity and specificity of accepting, 0..1."""
    if labels.all() or not labels.any():
        return math.nan
    return float((accepted[labels].mean() + (~accepted[~labels]).mean()) / 2)


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """Answering the most confident share ``coverage`` (ascending to 1) of questions errs on the share ``risk``."""

    coverage: Scores
    risk: Scores

    @property
    def area(self) -> float:
        """Return the area under the curve, 0..1, the lower the better (AURC, Geifman and El-Yaniv 2017)."""
        return float(self.risk.mean()) if len(self.risk) else math.nan


def risk_coverage(scores: Scores, labels: Labels) -> RiskCoverage:
    """Return the risk at every coverage; ties are in the order given."""
    ordered = labels[np.argsort(-scores, kind="stable")]
    counts = np.arange(1, len(labels) + 1)
    return RiskCoverage(counts / max(len(labels), 1), np.cumsum(~ordered) / counts)


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One confidence bin: mean confidence, answerable share, and number of questions."""

    confidence: float
    accuracy: float
    n: int


def reliability(scores: Scores, labels: Labels, n_bins: int = 10) -> list[ReliabilityBin]:
    """Return the non-empty of ``n_bins`` equal-width confidence bins over 0..1."""
    place = np.clip((scores * n_bins).astype(int), 0, n_bins - 1)
    return [
        ReliabilityBin(float(scores[chosen].mean()), float(labels[chosen].mean()), int(chosen.sum()))
        for chosen in (place == number for number in range(n_bins))
        if chosen.any()
    ]


def expected_calibration_error(scores: Scores, labels: Labels, n_bins: int = 10) -> float:
    """Return the expected calibration error, 0..1 (ECE, Guo et al. 2017)."""
    bins = reliability(scores, labels, n_bins)
    return (
        sum(each.n * abs(each.confidence - each.accuracy) for each in bins) / len(labels) if len(labels) else math.nan
    )
