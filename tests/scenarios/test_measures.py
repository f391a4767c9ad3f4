"""Measures of rankings and of confidences agree with plain definitions, worked by hand or by another library."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.ranking import distinct, ndcg, recall, reciprocal_rank
from core.evaluation.selective import (
    auroc,
    balanced_accuracy,
    expected_calibration_error,
    reliability,
    risk_coverage,
)

metrics = pytest.importorskip("sklearn.metrics")

grades = st.dictionaries(st.sampled_from("abcdefghijklmno"), st.integers(0, 3), min_size=1)
rankings = st.permutations("abcdefghijklmno")
judged = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=60)


def split(pairs):
    return np.array([score / 20 for score, _ in pairs]), np.array([label for _, label in pairs])


@given(rankings, grades)
def test_ndcg_equals_scikit_learn_s_with_exponential_gain(ranking, relevance):
    documents = sorted(set(ranking) | set(relevance))
    gains = [[2 ** relevance.get(document, 0) - 1 for document in documents]]
    scores = [[-ranking.index(document) for document in documents]]
    assert ndcg(ranking, relevance) == pytest.approx(metrics.ndcg_score(gains, scores, k=10), abs=1e-9)


def test_ranking_measures_by_hand():
    relevance = {"a": 2, "c": 1, "z": 1}
    ranking = ["b", "c", "a"]
    ideal = 3 + 1 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(ranking, relevance) == pytest.approx((1 / math.log2(3) + 3 / math.log2(4)) / ideal)
    assert reciprocal_rank(ranking, relevance) == 0.5
    assert recall(ranking, relevance) == pytest.approx(2 / 3)
    assert recall(ranking, relevance, k=2) == pytest.approx(1 / 3)
    assert ndcg(ranking, {}) == recall(ranking, {}) == reciprocal_rank(ranking, {}) == 0
    assert reciprocal_rank(["x"] * 10 + ["a"], relevance) == 0
    assert distinct(["a", "b", "a", "c", "b"]) == ["a", "b", "c"]


@given(judged)
def test_auroc_equals_scikit_learn_s(pairs):
    scores, labels = split(pairs)
    if labels.all() or not labels.any():
        assert math.isnan(auroc(scores, labels))
    else:
        assert auroc(scores, labels) == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-9)


@given(judged, st.floats(0, 1))
def test_balanced_accuracy_equals_scikit_learn_s(pairs, cut):
    scores, labels = split(pairs)
    if labels.all() or not labels.any():
        assert math.isnan(balanced_accuracy(scores >= cut, labels))
    else:
        expected = metrics.balanced_accuracy_score(labels, scores >= cut)
        assert balanced_accuracy(scores >= cut, labels) == pytest.approx(expected, abs=1e-9)


def test_risk_coverage_by_hand():
    curve = risk_coverage(np.array([0.9, 0.2, 0.5]), np.array([True, True, False]))
    assert curve.coverage.tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    assert curve.risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3])
    assert curve.area == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


def test_calibration_error_by_hand():
    scores, labels = np.array([0.05, 0.05, 0.95, 1.0]), np.array([False, True, True, True])
    bins = reliability(scores, labels)
    assert [(b.confidence, b.accuracy, b.n) for b in bins] == [(0.05, 0.5, 2), (pytest.approx(0.975), 1.0, 2)]
    assert expected_calibration_error(scores, labels) == pytest.approx((2 * 0.45 + 2 * 0.025) / 4)


@given(judged)
def test_perfectly_calibrated_groups_have_no_error(pairs):
    _, labels = split(pairs)
    scores = np.full(len(labels), labels.mean())
    assert expected_calibration_error(scores, labels) == pytest.approx(0, abs=1e-9)
