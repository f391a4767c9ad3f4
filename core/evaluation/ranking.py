"""Ranking metrics (specification, section 3.4).

A ranking is document ids, best first, each at most once; relevance grades documents by id, 0 or absent: irrelevant.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence


def ndcg(ranking: Sequence[str], relevance: Mapping[str, int], k: int = 10) -> float:
    """Return the normalised discounted cumulative gain of the first ``k``, 0..1, with gain ``2**relevance - 1``.

    0 where nothing is relevant.
    """
    ideal = _dcg(sorted(relevance.values(), reverse=True)[:k])
    return _dcg([relevance.get(document, 0) for document in ranking[:k]]) / ideal if ideal else 0.0


def reciprocal_rank(ranking: Sequence[str], relevance: Mapping[str, int], k: int = 10) -> float:
    """Return 1 over the rank of the first relevant document among the first ``k``, 0 where there is none."""
    ranks = (rank for rank, document in enumerate(ranking[:k], 1) if relevance.get(document, 0) > 0)
    return 1 / next(ranks, math.inf)


def recall(ranking: Sequence[str], relevance: Mapping[str, int], k: int = 10) -> float:
    """Return the share of the relevant documents that are among the first ``k``; 0 where nothing is relevant."""
    relevant = {document for document, grade in relevance.items() if grade > 0}
    return len(relevant.intersection(ranking[:k])) / len(relevant) if relevant else 0.0


def distinct(documents: Iterable[str]) -> list[str]:
    """Return a ranking of documents from one of passages: each at the rank of its best passage."""
    return list(dict.fromkeys(documents))


def _dcg(grades: Sequence[int]) -> float:
    return float(sum((2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1)))
