"""Logistic regression over search features: coefficients shipped as data, and their evaluation.

Does not cover fitting (``core.confidence.fit``, ``bench/gate_fit.py``).
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files


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


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A fitted regression with its bands, and the sets it was fitted on.

    It is for embedders whose id starts with ``embedder``; empty: for any, as it uses no raw cosine. A probability
    of ``upper`` or more is answered locally, of ``lower`` or more by a provider. ``calibration`` are the knots of a
    monotone piecewise linear map from the regression's probability to a calibrated one: pairs in 0..1, both ascending;
    empty: the identity. ``reader`` names the reader whose log-odds are among the features, where one is. ``sources``
    names the texts of the sets and their licences.
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
    sources: str = ""

    def contributions(self, features: Mapping[str, float]) -> Mapping[str, float]:
        """Return each feature's addend to the log-odds. Raises ``KeyError`` when a feature is missing."""
        return {name: weight.of(features[name]) for name, weight in self.weights.items()}

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability that the answer was found, 0..1. Raises ``KeyError`` when a feature is missing."""
        log_odds = self.intercept + sum(self.contributions(features).values())
        return interpolated(self.calibration, 1 / (1 + math.exp(-max(-500.0, min(500.0, log_odds)))))


def shipped(embedder_id: str, reader_id: str = "") -> Coefficients:
    """Return the shipped coefficients for an embedder and a reader.

    Where none were fitted with the reader they are those without one; where none were fitted for the embedder, those
    without raw cosines.
    """
    rows = json.loads((files("core.confidence") / "coefficients.json").read_text(encoding="utf-8"))
    fitting = [row for row in rows if embedder_id.startswith(row["embedder"]) and row["reader"] in (reader_id, "")]
    return read_coefficients(next((row for row in fitting if row["reader"] == reader_id), fitting[0]))


def read_coefficients(row: Mapping[str, object]) -> Coefficients:
    """Return coefficients from their ``dataclasses.asdict`` form. Raises ``TypeError`` for anything else."""
    weights = row.get("weights")
    if not isinstance(weights, dict):
        raise TypeError("no weights")
    read = {"weights": {name: Weight(**each) for name, each in weights.items()}}
    return Coefficients(**{**row, **read})  # type: ignore[arg-type]


def interpolated(knots: Sequence[tuple[float, float]], value: float) -> float:
    """Return the linear interpolation of ``knots`` at ``value``, constant outside them; without knots ``value``."""
    if not knots:
        return value
    place = bisect_right(knots, value, key=lambda knot: knot[0])
    if place in (0, len(knots)):
        return knots[min(place, len(knots) - 1)][1]
    (x0, y0), (x1, y1) = knots[place - 1], knots[place]
    return y0 + (y1 - y0) * (value - x0) / (x1 - x0)
