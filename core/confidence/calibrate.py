"""A logistic regression over search features: fitted offline, shipped as data, applied with plain arithmetic.

Does not fit anything (``bench/gate_fit.py`` does) and knows no thresholds but those stored with the weights.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Weight:
    """What one feature counts: ``weight`` per ``scale`` that it lies above ``mean``."""

    mean: float
    scale: float
    weight: float

    def of(self, value: float) -> float:
        """Return what a value adds to the log-odds."""
        return self.weight * (value - self.mean) / self.scale


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A fitted regression with its bands, and what it was fitted on.

    It is for embedders whose id starts with ``embedder``; empty: for any, as it goes by no raw cosine. A probability
    of ``upper`` or more is answered locally, of ``lower`` or more by a provider.
    """

    embedder: str
    fitted: str
    sets: Sequence[str]
    intercept: float
    weights: Mapping[str, Weight]
    upper: float
    lower: float

    def contributions(self, features: Mapping[str, float]) -> Mapping[str, float]:
        """Return what each feature adds to the log-odds. Raises ``KeyError`` when one is missing."""
        return {name: weight.of(features[name]) for name, weight in self.weights.items()}

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability that the answer was found, 0..1. Raises ``KeyError`` when a feature is missing."""
        log_odds = self.intercept + sum(self.contributions(features).values())
        return 1 / (1 + math.exp(-max(-500.0, min(500.0, log_odds))))


def shipped(embedder_id: str) -> Coefficients:
    """Return the coefficients that come with AION for an embedder; those for any where it was not fitted."""
    rows = json.loads((files("core.confidence") / "coefficients.json").read_text(encoding="utf-8"))
    return next(_coefficients(row) for row in rows if embedder_id.startswith(row["embedder"]))


def _coefficients(row: Mapping[str, object]) -> Coefficients:
    weights = row["weights"]
    assert isinstance(weights, dict)
    return Coefficients(**{**row, "weights": {name: Weight(**each) for name, each in weights.items()}})  # type: ignore[arg-type]
