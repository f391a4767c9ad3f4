"""Refits the gate to labelled questions and rated answers of one place.

Logistic regression with a normal prior around the coefficients it starts from, then isotonic calibration, then the
bands. ``weights`` are sample weights, shape ``(n,)``.
Does not cover where examples come from (``core.experiments.gate_tuning``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from core.confidence.calibrate import Coefficients, interpolated

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]

PRIOR_PRECISION = 3.0
"""Precision of the normal prior around each starting weight, per feature scale."""

MAX_LOST = 0.05
"""At most this share of answerable questions may be turned away without asking a provider."""

N_FOLDS = 5

_STEP = 25
"""Least examples of each group that the isotonic calibration is fitted to."""

_MIN_STEPS = 4
"""With fewer groups there is no calibration: the regression's own probabilities are the better estimate."""

_MAX_STEPS = 20
_TILT = 0.01
"""Slope of the calibration beyond its outermost groups, so that it stays strictly rising."""

_FREE = 1e-9
"""Prior precision of the intercept: next to none, for the optimum to be unique."""

_SETTLED = 1e-7
"""Gradient norm at which the optimiser stops."""


@dataclass(frozen=True, slots=True)
class GateExample:
    """A search's features and label. Examples of one ``topic`` are always in the same fold.

    ``origin`` names the set it is from.
    """

    features: Mapping[str, float]
    answerable: bool
    topic: str
    origin: str
    weight: float = 1.0


def fit(examples: Sequence[GateExample], start: Coefficients, risk: float | None) -> Coefficients:
    """Return ``start`` refitted to ``examples`` of both labels, with a calibration and bands of its own.

    Calibration and bands are fitted to cross-validated probabilities, folds by topic. ``risk``: see ``bands``.
    """
    labels, weights = labels_of(examples), weights_of(examples)
    values = np.zeros(len(examples))
    for judged in folds(examples):
        regression = regress([each for each, out in zip(examples, judged, strict=True) if not out], start)
        values[judged] = [
            regression.probability(each.features) for each, out in zip(examples, judged, strict=True) if out
        ]
    knots = isotonic_knots(values, labels, weights)
    upper, lower = bands(np.array([interpolated(knots, value) for value in values]), labels, weights, risk)
    return replace(regress(examples, start), calibration=knots, upper=upper, lower=lower)


def folds(examples: Sequence[GateExample]) -> list[Labels]:
    """Return at most ``N_FOLDS`` fold masks of about equal size, shape ``(n,)`` each, no topic in two."""
    sizes = [0] * N_FOLDS
    place: dict[str, int] = {}
    for topic, n in sorted(Counter(each.topic for each in examples).items(), key=lambda pair: (-pair[1], pair[0])):
        place[topic] = sizes.index(min(sizes))
        sizes[place[topic]] += n
    dealt = np.array([place[each.topic] for each in examples])
    return [dealt == fold for fold in range(N_FOLDS) if sizes[fold]]


def regress(examples: Sequence[GateExample], start: Coefficients) -> Coefficients:
    """Return the maximum a posteriori regression under a normal prior around ``start``; uncalibrated."""
    from scipy.optimize import minimize
    from scipy.special import expit

    names = list(start.weights)
    table = np.array([[start.weights[name].scaled(each.features[name]) for name in names] for each in examples])
    table = np.hstack([np.ones((len(examples), 1)), table])
    labels, weights = labels_of(examples), weights_of(examples)
    before = np.array([start.intercept, *(start.weights[name].weight for name in names)])
    held = np.array([_FREE, *[PRIOR_PRECISION] * len(names)])

    def loss(now: Floats) -> tuple[float, Floats]:
        log_odds, moved = table @ now, now - before
        value = (weights * (np.logaddexp(0, log_odds) - labels * log_odds)).sum() + (held * moved**2).sum() / 2
        return float(value), table.T @ (weights * (expit(log_odds) - labels)) + held * moved

    now = minimize(loss, before, jac=True, method="L-BFGS-B", options={"gtol": _SETTLED, "ftol": 0}).x
    fitted = {name: replace(start.weights[name], weight=float(now[n])) for n, name in enumerate(names, start=1)}
    today = datetime.now(UTC).date().isoformat()
    return replace(start, fitted=today, intercept=float(now[0]), weights=fitted, calibration=())


def isotonic_knots(values: Floats, labels: Labels, weights: Floats) -> tuple[tuple[float, float], ...]:
    """Return the knots of a rising piecewise linear map from probabilities to observed frequencies; empty for few.

    Isotonic regression (pool adjacent violators) over groups of neighbouring values.
    """
    n_steps = min(_MAX_STEPS, len(values) // _STEP)
    if n_steps < _MIN_STEPS:
        return ()
    groups = np.array_split(np.argsort(values, kind="stable"), n_steps)
    pools: list[tuple[float, float, float]] = []  # weight, mean value, share that was answerable
    for group in groups:
        pool = (
            float(weights[group].sum()),
            float(np.average(values[group], weights=weights[group])),
            float(np.average(labels[group], weights=weights[group])),
        )
        while pools and pools[-1][2] >= pool[2]:
            pool = _pooled(pools.pop(), pool)
        pools.append(pool)
    (_, first, low), (_, last, high) = pools[0], pools[-1]
    inner = [(value, share) for _, value, share in pools if 0 < value < 1]
    ends = (0.0, low - _TILT * first), (1.0, high + _TILT * (1 - last))
    return tuple((x, float(np.clip(y, 0, 1))) for x, y in (ends[0], *inner, ends[1]))


def bands(values: Floats, labels: Labels, weights: Floats, risk: float | None) -> tuple[float, float]:
    """Return ``upper`` and ``lower`` for calibrated probabilities.

    ``upper`` is at least the base rate of answerable questions, the threshold of best balanced accuracy; with a
    ``risk`` it is raised until at most that share of what lies above is unanswerable. ``lower`` is the highest that
    rejects at most ``MAX_LOST`` of the answerable questions.
    """
    upper = float(np.average(labels, weights=weights))
    if risk is not None:
        upper = max(upper, _safe_from(values, labels, weights, risk))
    answerable = np.sort(values[labels])
    lower = float(answerable[int(MAX_LOST * len(answerable))])
    return upper, min(lower, upper)


def labels_of(examples: Sequence[GateExample]) -> Labels:
    """Return the labels, shape ``(n,)``."""
    return np.array([each.answerable for each in examples], bool)


def weights_of(examples: Sequence[GateExample]) -> Floats:
    """Return the sample weights, shape ``(n,)``."""
    return np.array([each.weight for each in examples], np.float64)


def _pooled(one: tuple[float, float, float], other: tuple[float, float, float]) -> tuple[float, float, float]:
    weight = one[0] + other[0]
    return weight, (one[0] * one[1] + other[0] * other[1]) / weight, (one[0] * one[2] + other[0] * other[2]) / weight


def _safe_from(values: Floats, labels: Labels, weights: Floats, risk: float) -> float:
    """Return the lowest threshold above which at most ``risk`` is unanswerable; just above all values if none is."""
    order = np.argsort(-values, kind="stable")
    wrong = np.cumsum(weights[order] * ~labels[order]) / np.cumsum(weights[order])
    last_of_value = np.append(np.diff(values[order]) < 0, True)
    safe = np.flatnonzero((wrong <= risk) & last_of_value)
    return float(values[order][safe[-1]]) if len(safe) else float(np.nextafter(values.max(), 2.0))
