"""Quality over all spaces: every rated answer counts once, and what nobody rated says nothing."""

from __future__ import annotations

from core.evaluation.online import AnswerQuality
from core.ops.figures import QualityFigures, mean_quality

UNRATED = AnswerQuality(5, 0, 0, 0.0, None, None, None)


def rated(n: int, ndcg: float, mrr: float) -> AnswerQuality:
    return AnswerQuality(n, 0, n, 0.0, None, ndcg, mrr)


def test_each_rated_answer_counts_once() -> None:
    assert mean_quality([rated(3, 1.0, 1.0), UNRATED, rated(1, 0.0, 0.5)]) == QualityFigures(0.75, 0.875, 4)


def test_without_ratings_there_is_no_quality() -> None:
    assert mean_quality([UNRATED]) == mean_quality([]) == QualityFigures(None, None, 0)
