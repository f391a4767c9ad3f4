"""Quality by what people do, against figures worked out by hand."""

from core.evaluation.online import quality
from core.storage.impressions import Impression


def test_figures_of_a_few_answers():
    shown = [
        Impression((5, 6, 7), frozenset({6}), {"ana": "up"}, frozenset({"ana"})),  # relevant at 2, opened and liked
        Impression((5, 6, 7), frozenset({5}), {"ana": "down", "rui": "up"}, frozenset({"rui", "eva"})),  # even: not
        Impression((8,), frozenset({8}), {"rui": "up"}, frozenset({"eva"})),  # liked, by one who did not open
        Impression((9,), frozenset({9}), {}, frozenset()),
    ]
    got = quality(shown)
    assert (got.n_shown, got.n_opened, got.n_rated) == (4, 3, 3)
    assert got.ctr == 3 / 4
    assert got.cr == 2 / 3
    assert got.mrr == (1 / 2 + 0 + 1) / 3
    assert abs(got.ndcg - (0.6309297535714575 + 0 + 1) / 3) < 1e-12


def test_nothing_shown_has_no_figures():
    got = quality([])
    assert (got.n_shown, got.ctr, got.cr, got.ndcg, got.mrr) == (0, None, None, None, None)
