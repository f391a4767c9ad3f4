"""Maximal marginal relevance: relevant passages that do not repeat each other (specification, section 3.1)."""

from __future__ import annotations

import numpy as np

from core.types import Matrix, Vector

LAMBDA = 0.7


def select(relevance: Vector, candidates: Matrix, k: int, lambda_: float = LAMBDA) -> list[int]:
    """Return the rows of ``candidates``, shape ``(n, dim)``, in the order MMR picks them, at most ``k``.

    Each pick maximises ``lambda_ * relevance - (1 - lambda_) * max(cos(row, picked))``; of equals, the first. The
    second term of the first pick is 0. ``relevance``, shape ``(n,)``, is the cosine to the query in the
    specification. Vectors are L2-normalised; ``lambda_`` is in 0..1.
    """
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


def relative(scores: Vector) -> Vector:
    """Return scores stretched to 0..1, the range in which ``select`` weighs them against cosines; all 1 when equal.

    Cosines themselves do badly as relevance where an embedder squeezes them together, as e5 does: how unlike the
    others a passage is then outweighs how well it answers.
    """
    spread = scores.max(initial=-np.inf) - scores.min(initial=np.inf)
    return (scores - scores.min()) / spread if spread > 0 else np.ones_like(scores)
