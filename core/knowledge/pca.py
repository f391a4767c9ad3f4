"""Vectors seen in three dimensions: principal components by power iteration (specification, section 3.3).

The specification's deflation multiplies element by element, which leaves the found component in; here ``λ·vvᵀ`` is
subtracted (Hotelling 1933), as it must be for the next component to be the next one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

N_COMPONENTS = 3

_MAX_ITERATIONS = 20_000
_TOLERANCE = 1e-13
_NOTHING = 1e-12
"""A share of the variance below this is rounding."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Points in three dimensions, shape ``(n, 3)``, the directions they are along, ``(3, dim)``, and their variance.

    ``explained`` is the share of the whole variance along each, 0..1, falling; directions without any are 0.
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
        variance, direction = _strongest(covariance, number, _NOTHING * total)
        covariance = covariance - variance * np.outer(direction, direction)
        components.append(direction)
        explained.append(variance / total if variance else 0.0)
    stacked = np.stack(components)
    return Projection(centred @ stacked.T, stacked, tuple(explained))


def _strongest(matrix: Array, seed: int, least: float) -> tuple[float, Array]:
    """Return the largest eigenvalue of a covariance matrix and its direction; zeros when it is not above ``least``."""
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
