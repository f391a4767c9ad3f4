"""Maximal marginal relevance: relevant passages that do not repeat each other (specification, section 3.1)."""

from __future__ import annotations

import numpy as np

from core.types import Matrix, Vector

LAMBDA = 0.7


def select(query: Vector, candidates: Matrix, k: int, lambda_: float = LAMBDA) -> list[int]:
    """Return the rows of ``candidates``, shape ``(n, dim)``, in the order MMR picks them, at most ``k``.

    Each pick maximises ``lambda_ * cos(query, row) - (1 - lambda_) * max(cos(row, picked))``; of equals, the first.
    The second term of the first pick is 0. Vectors are L2-normalised; ``lambda_`` is in 0..1.
    """
    relevance = candidates @ query
    redundancy = np.zeros(len(candidates), np.float32)
    is_open = np.ones(len(candidates), bool)
    chosen: list[int] = []
    while len(chosen) < min(k, len(candidates)):
        values = np.where(is_open, lambda_ * relevance - (1 - lambda_) * redundancy, -np.inf)
        best = int(values.argmax())
        similarity = candidates @ candidates[best]
        redundancy = np.maximum(redundancy, similarity) if chosen else similarity
        is_open[best] = False
        chosen.append(best)
    return chosen
