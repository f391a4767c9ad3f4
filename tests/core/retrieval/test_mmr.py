"""MMR picks what the specification's loop picks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.retrieval import mmr


def specification(query, candidates, k, lambda_):
    """Section 3.1 of the specification, loop by loop, on row numbers."""
    chosen, remaining = [], list(range(len(candidates)))
    while len(chosen) < k and remaining:
        best_value, best = -1e9, 0
        for place, row in enumerate(remaining):
            relevance = candidates[row] @ query
            diversity = max(candidates[row] @ candidates[other] for other in chosen) if chosen else 0
            value = lambda_ * relevance - (1 - lambda_) * diversity
            if value > best_value:
                best_value, best = value, place
        chosen.append(remaining.pop(best))
    return chosen


@settings(max_examples=150)
@given(st.integers(0, 30), st.integers(1, 12), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_picks_what_the_specification_picks(n, k, lambda_, seed):
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(n + 1, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    query, candidates = vectors[0], vectors[1:]
    picked = mmr.select(candidates @ query, candidates, k, lambda_)
    assert len(picked) == len(set(picked)) == min(k, n)
    expected = specification(query.astype(np.float64), candidates.astype(np.float64), k, lambda_)
    differing = [place for place, (a, b) in enumerate(zip(picked, expected, strict=True)) if a != b]
    if differing:  # only where two candidates are equal within float32's rounding
        place = differing[0]
        values = [value(query, candidates, picked[:place], row, lambda_) for row in (picked[place], expected[place])]
        assert values[0] == pytest.approx(values[1], abs=1e-5)


def value(query, candidates, chosen, row, lambda_):
    diversity = max((float(candidates[row] @ candidates[other]) for other in chosen), default=0.0)
    return lambda_ * float(candidates[row] @ query) - (1 - lambda_) * diversity


def test_near_duplicates_are_put_off():
    query = np.array([1, 0, 0], np.float32)
    rows = np.array([[0.9, 0.436, 0], [0.9, 0.4359, 0.01], [0.8, 0, 0.6], [0.1, 0, 0.995]], np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    first, second, *_ = mmr.select(rows @ query, rows, 4)
    assert {first, second} == {0, 2} or {first, second} == {1, 2}


def test_pure_relevance_is_the_plain_ranking():
    rows = np.eye(4, dtype=np.float32)
    query = np.array([0.1, 0.7, 0.2, 0.67], np.float32)
    assert mmr.select(rows @ query, rows, 4, lambda_=1.0) == [1, 3, 2, 0]


def test_squeezed_scores_are_stretched():
    assert mmr.relative(np.array([0.80, 0.85, 0.90], np.float32)) == pytest.approx([0, 0.5, 1], abs=1e-5)
    assert mmr.relative(np.array([0.8, 0.8], np.float32)).tolist() == [1, 1]
    assert mmr.relative(np.array([], np.float32)).shape == (0,)
