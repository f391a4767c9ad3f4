"""Refits the gate to what is known of one place: labelled questions, and answers that people rated.

A logistic regression drawn towards the coefficients it starts from, so that few examples change little and many
decide; then a monotone map that makes its probabilities hold; then the bands. Does not know where examples come from.
Everywhere: ``weights`` say what each example counts, shape ``(n,)``.
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

PULL = 3.0
"""How strongly each weight is held where it starts: the precision of a normal prior, per feature scale."""

MAX_LOST = 0.05
"""At most this share of answerable questions may be turned away without asking a provider."""

N_FOLDS = 5

_STEP = 25
"""The calibration rests on groups of at least this many examples; fewer would follow chance."""

_MIN_STEPS = 4
"""With fewer groups there is no shape to see, and the regression's own probabilities are better evidence."""

_MAX_STEPS = 20
_TILT = 0.01
"""What the calibration rises by beyond its outermost groups, so that no two probabilities become one."""

_FREE = 1e-9
"""The pull on the intercept: none, but enough for one best place to exist."""

_SETTLED = 1e-7
"""The slope at which the regression has arrived."""


@dataclass(frozen=True, slots=True)
class GateExample:
    """A search's features, and whether it could be answered. Those of one ``topic`` are never judged by each other.

    ``origin`` names the set it is from.
    """

    features: Mapping[str, float]
    answerable: bool
    topic: str
    origin: str
    weight: float = 1.0


def fit(examples: Sequence[GateExample], start: Coefficients, risk: float | None) -> Coefficients:
    """Return ``start`` refitted to ``examples`` of both kinds, with a calibration and bands of its own.

    Calibration and bands go by what each topic is given by a fit to the others. ``risk``: see ``bands``.
    """
    labels, weights = labels_of(examples), weights_of(examples)
    values = np.zeros(len(examples))
    for judged in folds(examples):
        regression = regress([each for each, out in zip(examples, judged, strict=True) if not out], start)
        values[judged] = [
            regression.probability(each.features) for each, out in zip(examples, judged, strict=True) if out
        ]
    knots = monotone(values, labels, weights)
    upper, lower = bands(np.array([interpolated(knots, value) for value in values]), labels, weights, risk)
    return replace(regress(examples, start), calibration=knots, upper=upper, lower=lower)


def folds(examples: Sequence[GateExample]) -> list[Labels]:
    """Deal the topics out into at most ``N_FOLDS`` masks of about the same size, shape ``(n,)`` each."""
    sizes = [0] * N_FOLDS
    place: dict[str, int] = {}
    for topic, n in sorted(Counter(each.topic for each in examples).items(), key=lambda pair: (-pair[1], pair[0])):
        place[topic] = sizes.index(min(sizes))
        sizes[place[topic]] += n
    dealt = np.array([place[each.topic] for each in examples])
    return [dealt == fold for fold in range(N_FOLDS) if sizes[fold]]


def regress(examples: Sequence[GateExample], start: Coefficients) -> Coefficients:
    """Return the likeliest regression under a normal prior around ``start``; uncalibrated."""
    from scipy.optimize import minimize
    from scipy.special import expit

    names = list(start.weights)
    told = [start.completed(each.features) for each in examples]
    table = np.array([[start.weights[name].scaled(each[name]) for name in names] for each in told])
    table = np.hstack([np.ones((len(examples), 1)), table])
    labels, weights = labels_of(examples), weights_of(examples)
    before = np.array([start.intercept, *(start.weights[name].weight for name in names)])
    held = np.array([_FREE, *[PULL] * len(names)])

    def loss(now: Floats) -> tuple[float, Floats]:
        log_odds, moved = table @ now, now - before
        value = (weights * (np.logaddexp(0, log_odds) - labels * log_odds)).sum() + (held * moved**2).sum() / 2
        return float(value), table.T @ (weights * (expit(log_odds) - labels)) + held * moved

    now = minimize(loss, before, jac=True, method="L-BFGS-B", options={"gtol": _SETTLED, "ftol": 0}).x
    fitted = {name: replace(start.weights[name], weight=float(now[n])) for n, name in enumerate(names, start=1)}
    today = datetime.now(UTC).date().isoformat()
    return replace(start, fitted=today, intercept=float(now[0]), weights=fitted, calibration=())


def monotone(values: Floats, labels: Labels, weights: Floats) -> tuple[tuple[float, float], ...]:
    """Return knots that map probabilities to how often they came true, rising throughout.

    Isotonic regression (pool adjacent violators) over groups of neighbours, joined by straight lines; none for few.
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

    ``upper`` is at least the share of answerable questions, where telling both kinds apart is best balanced; with a
    ``risk`` it is raised until at most that share of what lies above is unanswerable. ``lower`` is the highest that
    turns away at most ``MAX_LOST`` of the answerable questions.
    """
    upper = float(np.average(labels, weights=weights))
    if risk is not None:
        upper = max(upper, _safe_from(values, labels, weights, risk))
    answerable = np.sort(values[labels])
    lower = float(answerable[int(MAX_LOST * len(answerable))])
    return upper, min(lower, upper)


def labels_of(examples: Sequence[GateExample]) -> Labels:
    """Return which examples were answerable, shape ``(n,)``."""
    return np.array([each.answerable for each in examples], bool)


def weights_of(examples: Sequence[GateExample]) -> Floats:
    """Return what each example counts, shape ``(n,)``."""
    return np.array([each.weight for each in examples], np.float64)


def _pooled(one: tuple[float, float, float], other: tuple[float, float, float]) -> tuple[float, float, float]:
    weight = one[0] + other[0]
    return weight, (one[0] * one[1] + other[0] * other[1]) / weight, (one[0] * one[2] + other[0] * other[2]) / weight


def _safe_from(values: Floats, labels: Labels, weights: Floats, risk: float) -> float:
    """Return the lowest value from which on at most ``risk`` is unanswerable; just above all where there is none."""
    order = np.argsort(-values, kind="stable")
    wrong = np.cumsum(weights[order] * ~labels[order]) / np.cumsum(weights[order])
    last_of_value = np.append(np.diff(values[order]) < 0, True)
    safe = np.flatnonzero((wrong <= risk) & last_of_value)
    return float(values[order][safe[-1]]) if len(safe) else float(np.nextafter(values.max(), 2.0))
