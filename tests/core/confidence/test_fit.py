"""Refitting: drawn to where it starts, calibrated without changing the order, bands that keep their promise."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression

from core.confidence.calibrate import Coefficients, Weight, interpolated
from core.confidence.fit import (
    PRIOR_PRECISION,
    GateExample,
    bands,
    fit,
    folds,
    isotonic_knots,
    labels_of,
    regress,
    weights_of,
)
from core.evaluation.selective import auroc, expected_calibration_error

START = Coefficients(
    "", "2026-01-01", ["toy"], 0.5, {"near": Weight(0.0, 2.0, 1.0), "words": Weight(1.0, 1.0, -1.0)}, 0.6, 0.3
)


def examples(n: int, seed: int = 0, share: float = 0.5) -> list[GateExample]:
    """Draw questions whose answerability goes by ``near``, differently than ``START`` thinks."""
    draw = np.random.default_rng(seed)
    near, words = draw.normal(size=n) * 2, draw.normal(size=n) + 1
    chance = 1 / (1 + np.exp(-(1.5 * near + np.log(share / (1 - share)))))
    return [
        GateExample({"near": float(a), "words": float(b)}, bool(draw.random() < p), f"topic {i % 40}", "toy")
        for i, (a, b, p) in enumerate(zip(near, words, chance, strict=True))
    ]


def test_regression_is_the_minimum_of_its_loss():
    drawn = examples(60)
    table = np.array([[1, START.weights["near"].scaled(e.features["near"]), e.features["words"] - 1] for e in drawn])
    signs, before = np.where(labels_of(drawn), 1, -1), np.array([0.5, 1.0, -1.0])

    def loss(weights: np.ndarray) -> float:
        held = PRIOR_PRECISION / 2 * ((weights - before)[1:] ** 2).sum()
        return float(np.logaddexp(0, -signs * (table @ weights)).sum() + held)

    best = minimize(loss, before, tol=1e-12).x
    fitted = regress(drawn, START)
    got = [fitted.intercept, fitted.weights["near"].weight, fitted.weights["words"].weight]
    assert got == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize("sure", [3.0, 5.0, 8.0])
def test_a_start_that_is_surely_wrong_is_left_behind(sure: float):
    """Newton's method, as it was once used here, overshot from such a start and ended with an intercept of 10^11."""
    start = replace(START, weights={"near": Weight(0.0, 2.0, -sure), "words": Weight(1.0, 1.0, sure)})
    drawn = examples(400)
    fitted = regress(drawn, start)
    values = np.array([fitted.probability(each.features) for each in drawn])
    assert abs(fitted.intercept) < 1
    assert expected_calibration_error(values, labels_of(drawn)) < 0.1
    assert auroc(values, labels_of(drawn)) > 0.9


def test_few_examples_change_little_and_many_decide():
    few, many = regress(examples(4), START), regress(examples(4000), START)
    assert abs(few.weights["words"].weight + 1) < 0.5 < abs(many.weights["words"].weight + 1)
    assert many.weights["near"].weight == pytest.approx(3.0, abs=0.3)  # 1.5 a unit, 2 units a scale
    assert many.weights["words"].weight == pytest.approx(0.0, abs=0.15)


def test_refitted_probabilities_hold_where_it_was_not_fitted():
    fitted = fit(examples(3000), START, None)
    unseen = examples(3000, seed=1)
    labels = labels_of(unseen)
    after = np.array([fitted.probability(each.features) for each in unseen])
    before = np.array([START.probability(each.features) for each in unseen])
    assert expected_calibration_error(after, labels) < 0.03 < expected_calibration_error(before, labels)
    assert auroc(after, labels) > auroc(before, labels) + 0.05


scored = st.lists(st.tuples(st.floats(0.001, 0.999), st.booleans()), min_size=2, max_size=300)


@given(scored)
def test_calibration_never_turns_an_order_round(drawn):
    values, labels = (np.array(column) for column in zip(*drawn, strict=True))
    knots = isotonic_knots(values.astype(float), labels.astype(bool), np.ones(len(drawn)))
    mapped = [interpolated(knots, value) for value in np.linspace(0, 1, 301)]
    assert all(0 <= low <= high <= 1 for low, high in pairwise(mapped))
    assert [x for x, _ in knots] == sorted(x for x, _ in knots)


def test_calibration_is_isotonic_regression_of_groups():
    draw = np.random.default_rng(3)
    values = np.sort(draw.random(500))
    labels = draw.random(500) < values**2
    groups = np.array_split(np.arange(500), 20)
    means, shares = [values[g].mean() for g in groups], [labels[g].mean() for g in groups]
    expected = IsotonicRegression().fit_transform(means, shares)
    inner = isotonic_knots(values, labels, np.ones(500))[1:-1]
    assert [share for _, share in inner] == pytest.approx(list(dict.fromkeys(np.round(expected, 12))))


def test_topics_are_never_split():
    drawn = examples(203)
    dealt = folds(drawn)
    assert np.array(dealt).sum(axis=0).tolist() == [1] * 203
    for topic in {each.topic for each in drawn}:
        assert sum(any(m and e.topic == topic for m, e in zip(mask, drawn, strict=True)) for mask in dealt) == 1


@pytest.mark.parametrize("risk", [0.02, 0.1, 0.3])
def test_risk_is_kept_and_as_much_as_possible_is_local(risk):
    draw = np.random.default_rng(5)
    values = draw.random(2000)
    labels = draw.random(2000) < values
    upper, lower = bands(values, labels, np.ones(2000), risk)
    kept = values >= upper
    assert (~labels[kept]).mean() <= risk
    assert upper == labels.mean() or (~labels[values >= upper - 0.05]).mean() > risk
    assert (values[labels] < lower).mean() <= 0.05 + 1e-9 and lower <= upper


def test_no_cut_is_safe_enough():
    values, labels = np.linspace(0, 0.9, 50), np.arange(50) % 2 == 0
    upper, _ = bands(values, labels, np.ones(50), 0.0)
    assert not (values >= upper).any()


def test_weights_count():
    heavy = [GateExample(e.features, e.answerable, e.topic, e.origin, 2.0) for e in examples(80)]
    twice = regress(examples(80) * 2, START)
    assert regress(heavy, START).intercept == pytest.approx(twice.intercept)
    assert weights_of(heavy).sum() == 160
