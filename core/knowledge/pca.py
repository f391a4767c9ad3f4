"""Principal component analysis to three dimensions by power iteration (specification, section 3.3).

The specification's deflation multiplies element by element, which does not remove the component found; here
``λ·vvᵀ`` is subtracted (Hotelling 1933).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

N_COMPONENTS = 3

_MAX_ITERATIONS = 20_000
_TOLERANCE = 1e-13
_NEGLIGIBLE = 1e-12
"""A share of the variance below this is rounding error."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Projected points, shape ``(n, 3)``, and the principal components, shape ``(3, dim)``.

    ``explained`` is the share of the total variance along each component, 0..1, descending; one without any is zero.
    """

    points: Array
    components: Array
    explained: tuple[float, ...]


def project(vectors: NDArray[np.floating]) -> Projection:
    """Return the first three principal components of ``vectors``, shape ``(n, dim)``, up to their signs."""
    centred = np.asarray(vectors, np.float64)
    centred = centred - centred.mean(axis=0) if len(centred) else centred
    covariance = centred.T @ centred / max(len(centred) - 1, 1)
    total = float(np.trace(covariance))
    components, explained = [], []
    for number in range(N_COMPONENTS):
        variance, direction = _leading_eigenpair(covariance, number, _NEGLIGIBLE * total)
        covariance = covariance - variance * np.outer(direction, direction)
        components.append(direction)
        explained.append(variance / total if variance else 0.0)
    stacked = np.stack(components)
    return Projection(centred @ stacked.T, stacked, tuple(explained))


def _leading_eigenpair(matrix: Array, seed: int, least: float) -> tuple[float, Array]:
    """Return the largest eigenvalue of a covariance matrix and its eigenvector; zeros when it is at most ``least``."""
    direction = np.random.default_rng(seed).normal(size=len(matrix))
    direction /= np.linalg.norm(direction)
    for _ in range(_MAX_ITERATIONS):
        turned = matrix @ direction
        length = float(np.linalg.norm(turned))
        if length <= least:
            return 0.0, np.zeros(len(matrix))
        before, direction = direction, turned / length
        if 1 - abs(float(before @ direction)) < _TOLERANCE and np.abs(before - direction).max() < np.sqrt(_TOLERANCE):
            break
    return float(direction @ matrix @ direction), direction
