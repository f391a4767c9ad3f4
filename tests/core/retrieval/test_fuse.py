"""Fusion of two searches' scores."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.retrieval.fuse import Candidates, reciprocal_rank


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 50)), max_size=40))
def test_reciprocal_rank_equals_a_plain_loop(pairs):
    dense, lexical = [d for d, _ in pairs], [b for _, b in pairs]
    scores = reciprocal_rank(Candidates(np.array(dense), np.array(lexical), 100.0))
    for place, (_, bm25) in enumerate(pairs):
        expected = 1 / (60 + rank(dense, place)) + (1 / (60 + rank(lexical, place)) if bm25 > 0 else 0)
        assert scores[place] == expected
    assert len(scores) == len(pairs)


def rank(scores, place):
    better = sum(score > scores[place] for score in scores)
    return 1 + better + sum(score == scores[place] for score in scores[:place])
