"""A logistic regression over search features: fitted offline, shipped as data, applied with plain arithmetic.

Where enough was known to fit it, what straight lines miss is one feature more, ``BEND``: a sum of bell curves, each
around a search like some that were fitted on, which is next to nothing for a search unlike all of them.
Does not fit anything (``core.confidence.fit`` and ``bench/gate_fit.py`` do) and knows no thresholds but those stored
with the weights.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

BEND = "bend"
"""What the bell curves' sum is called among a regression's features."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What one feature counts: ``weight`` per ``scale`` that it lies above ``mean``."""

    mean: float
    scale: float
    weight: float

    def scaled(self, value: float) -> float:
        """Return how many scales a value lies above the mean."""
        return (value - self.mean) / self.scale

    def of(self, value: float) -> float:
        """Return what a value adds to the log-odds."""
        return self.weight * self.scaled(value)


@dataclass(frozen=True)
class RbfTerms:
    """Bell curves over the features ``names``, each in scales above its mean.

    Curve ``i`` is ``heights[i]`` high at ``centres[i]``, and falls with ``narrowness`` times the squared distance.
    """

    names: Sequence[str]
    narrowness: float
    centres: Sequence[Sequence[float]]
    heights: Sequence[float]

    def sum(self, scaled: Sequence[float]) -> float:
        """Return the curves' sum at a search whose features, by ``names``, are ``scaled``."""
        return float(bells(np.array([scaled]), self._centres, self.narrowness)[0] @ np.array(self.heights))

    @cached_property
    def _centres(self) -> NDArray[np.float64]:
        return np.array(self.centres, np.float64)


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A fitted regression with its bands, and what it was fitted on.

    It is for embedders whose id starts with ``embedder``; empty: for any, as it goes by no raw cosine. A probability
    of ``upper`` or more is answered locally, of ``lower`` or more by a provider. ``calibration`` are the knots of a
    monotone map from the regression's probability to one that holds: pairs in 0..1, both ascending; none: as it is.
    ``reader`` names the reader whose log-odds are among the features, where one is; ``bells`` make ``BEND`` where they
    are.
    """

    embedder: str
    fitted: str
    sets: Sequence[str]
    intercept: float
    weights: Mapping[str, Weight]
    upper: float
    lower: float
    calibration: Sequence[tuple[float, float]] = ()
    reader: str = ""
    bells: RbfTerms | None = None

    @property
    def needs(self) -> frozenset[str]:
        """Return the features that a search has to tell."""
        return frozenset(self.weights) - {BEND}

    def completed(self, features: Mapping[str, float]) -> Mapping[str, float]:
        """Return features with ``BEND`` where it is weighed. Raises ``KeyError`` when one that it needs is missing."""
        if self.bells is None:
            return features
        scaled = [self.weights[name].scaled(features[name]) for name in self.bells.names]
        return {**features, BEND: self.bells.sum(scaled)}

    def contributions(self, features: Mapping[str, float]) -> Mapping[str, float]:
        """Return what each feature adds to the log-odds. Raises ``KeyError`` when one is missing."""
        told = self.completed(features)
        return {name: weight.of(told[name]) for name, weight in self.weights.items()}

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability that the answer was found, 0..1. Raises ``KeyError`` when a feature is missing."""
        log_odds = self.intercept + sum(self.contributions(features).values())
        return interpolated(self.calibration, 1 / (1 + math.exp(-max(-500.0, min(500.0, log_odds)))))


def shipped(embedder_id: str) -> Coefficients:
    """Return the coefficients that come with AION for an embedder; those for any where it was not fitted."""
    rows = json.loads((files("core.confidence") / "coefficients.json").read_text(encoding="utf-8"))
    return next(read_coefficients(row) for row in rows if embedder_id.startswith(row["embedder"]))


def read_coefficients(row: Mapping[str, object]) -> Coefficients:
    """Return coefficients from what ``dataclasses.asdict`` made of them. Raises ``TypeError`` when it is not that."""
    weights = row.get("weights")
    if not isinstance(weights, dict):
        raise TypeError("no weights")
    curves = row.get("bells")
    read = {
        "weights": {name: Weight(**each) for name, each in weights.items()},
        "bells": RbfTerms(**curves) if isinstance(curves, dict) else None,
    }
    return Coefficients(**{**row, **read})  # type: ignore[arg-type]


def bells(scaled: NDArray[np.float64], centres: NDArray[np.float64], narrowness: float) -> NDArray[np.float64]:
    """Return bell curves of height 1 around ``centres`` ``(m, d)`` at the points ``scaled`` ``(n, d)``: ``(n, m)``."""
    squared = (scaled**2).sum(1)[:, None] + (centres**2).sum(1) - 2 * scaled @ centres.T
    return np.asarray(np.exp(-narrowness * np.maximum(squared, 0)), np.float64)


def interpolated(knots: Sequence[tuple[float, float]], value: float) -> float:
    """Return ``value`` on the straight lines between ``knots``; level beyond the outermost, itself without any."""
    if not knots:
        return value
    place = bisect_right(knots, value, key=lambda knot: knot[0])
    if place in (0, len(knots)):
        return knots[min(place, len(knots) - 1)][1]
    (x0, y0), (x1, y1) = knots[place - 1], knots[place]
    return y0 + (y1 - y0) * (value - x0) / (x1 - x0)
