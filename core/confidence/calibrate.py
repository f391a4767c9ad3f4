"""Logistic regression over search features: coefficients shipped as data, and their evaluation.

Non-linear part, where enough data was there to fit one: the feature ``RBF``, a weighted sum of Gaussian radial basis
functions, near 0 for a search unlike all that it was fitted on.
Does not cover fitting (``core.confidence.fit``, ``bench/gate_fit.py``).
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

RBF = "rbf"
"""Name of the radial basis functions' sum among a regression's features."""


@dataclass(frozen=True, slots=True)
class Weight:
    """Standardisation and weight of one feature: it adds ``weight * (value - mean) / scale`` to the log-odds."""

    mean: float
    scale: float
    weight: float

    def scaled(self, value: float) -> float:
        """Return the standardised value."""
        return (value - self.mean) / self.scale

    def of(self, value: float) -> float:
        """Return what a value adds to the log-odds."""
        return self.weight * self.scaled(value)


@dataclass(frozen=True)
class RbfTerms:
    """Gaussian radial basis functions of the standardised features ``names``.

    The sum over ``i`` of ``weights[i] * exp(-gamma * |x - centres[i]|**2)``.
    """

    names: Sequence[str]
    gamma: float
    centres: Sequence[Sequence[float]]
    weights: Sequence[float]

    def sum(self, scaled: Sequence[float]) -> float:
        """Return the weighted sum at ``scaled``, the standardised features in the order of ``names``."""
        return float(rbf_kernel(np.array([scaled]), self._centres, self.gamma)[0] @ np.array(self.weights))

    @cached_property
    def _centres(self) -> NDArray[np.float64]:
        return np.array(self.centres, np.float64)


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A fitted regression with its bands, and the sets it was fitted on.

    It is for embedders whose id starts with ``embedder``; empty: for any, as it uses no raw cosine. A probability
    of ``upper`` or more is answered locally, of ``lower`` or more by a provider. ``calibration`` are the knots of a
    monotone piecewise linear map from the regression's probability to a calibrated one: pairs in 0..1, both ascending;
    empty: the identity. ``reader`` names the reader whose log-odds are among the features, where one is; ``rbf``
    computes the feature ``RBF``, where there is one.
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
    rbf: RbfTerms | None = None

    @property
    def needs(self) -> frozenset[str]:
        """Return the features that must be given: all but ``RBF``."""
        return frozenset(self.weights) - {RBF}

    def completed(self, features: Mapping[str, float]) -> Mapping[str, float]:
        """Return the features, with ``RBF`` where it has a weight. Raises ``KeyError`` when a needed one is missing."""
        if self.rbf is None:
            return features
        scaled = [self.weights[name].scaled(features[name]) for name in self.rbf.names]
        return {**features, RBF: self.rbf.sum(scaled)}

    def contributions(self, features: Mapping[str, float]) -> Mapping[str, float]:
        """Return each feature's addend to the log-odds. Raises ``KeyError`` when a feature is missing."""
        values = self.completed(features)
        return {name: weight.of(values[name]) for name, weight in self.weights.items()}

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability that the answer was found, 0..1. Raises ``KeyError`` when a feature is missing."""
        log_odds = self.intercept + sum(self.contributions(features).values())
        return interpolated(self.calibration, 1 / (1 + math.exp(-max(-500.0, min(500.0, log_odds)))))


def shipped(embedder_id: str) -> Coefficients:
    """Return the shipped coefficients for an embedder; where none were fitted for it, those without raw cosines."""
    rows = json.loads((files("core.confidence") / "coefficients.json").read_text(encoding="utf-8"))
    return next(read_coefficients(row) for row in rows if embedder_id.startswith(row["embedder"]))


def read_coefficients(row: Mapping[str, object]) -> Coefficients:
    """Return coefficients from their ``dataclasses.asdict`` form. Raises ``TypeError`` for anything else."""
    weights = row.get("weights")
    if not isinstance(weights, dict):
        raise TypeError("no weights")
    curves = row.get("rbf")
    read = {
        "weights": {name: Weight(**each) for name, each in weights.items()},
        "rbf": RbfTerms(**curves) if isinstance(curves, dict) else None,
    }
    return Coefficients(**{**row, **read})  # type: ignore[arg-type]


def rbf_kernel(scaled: NDArray[np.float64], centres: NDArray[np.float64], gamma: float) -> NDArray[np.float64]:
    """Return the Gaussian kernel of the points ``scaled`` ``(n, d)`` and ``centres`` ``(m, d)``, shape ``(n, m)``."""
    squared = (scaled**2).sum(1)[:, None] + (centres**2).sum(1) - 2 * scaled @ centres.T
    return np.asarray(np.exp(-gamma * np.maximum(squared, 0)), np.float64)


def interpolated(knots: Sequence[tuple[float, float]], value: float) -> float:
    """Return the linear interpolation of ``knots`` at ``value``, constant outside them; without knots ``value``."""
    if not knots:
        return value
    place = bisect_right(knots, value, key=lambda knot: knot[0])
    if place in (0, len(knots)):
        return knots[min(place, len(knots) - 1)][1]
    (x0, y0), (x1, y1) = knots[place - 1], knots[place]
    return y0 + (y1 - y0) * (value - x0) / (x1 - x0)
