"""The knowledge map on a flat picture: points seen from a fixed direction, filling the frame, labels side by side."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.control_characters import without_controls
from core.knowledge.knowledge_map import KnowledgeMap
from core.knowledge.pca import Array

AZIMUTH, ELEVATION = math.radians(35), math.radians(25)

MARGIN = 28.0
"""Pixels between the outermost points and the frame."""

LABEL_HEIGHT = 24.0
CHAR_WIDTH = 7.6
"""Pixels of an average character of a label, generously."""

FEW_POINTS = 60
"""Of at most so many points, each is larger and no label covers one."""

_GAP = 4.0
_EDGE = 6.0
_RING, _N_ANGLES, _N_RINGS = 14.0, 16, 40


@dataclass(frozen=True, slots=True)
class MapLabel:
    """A cluster's title in a box with its upper left corner at ``x``, ``y``; the cluster's centre is at ``centre``."""

    cluster: int
    text: str
    x: float
    y: float
    width: float
    height: float
    centre: tuple[float, float]

    def overlaps(self, other: MapLabel) -> bool:
        """Return whether two boxes are nearer than the gap between labels."""
        return (
            self.x < other.x + other.width + _GAP
            and other.x < self.x + self.width + _GAP
            and self.y < other.y + other.height + _GAP
            and other.y < self.y + self.height + _GAP
        )

    def covers(self, points: Array) -> bool:
        """Return whether the box covers one of some points, shape ``(n, 2)``."""
        inside = (points >= (self.x - _EDGE, self.y - _EDGE)) & (
            points <= (self.x + self.width + _EDGE, self.y + self.height + _EDGE)
        )
        return bool(inside.all(axis=1).any())


@dataclass(frozen=True, slots=True)
class FlatMap:
    """Points in pixels, shape ``(n, 2)``, y downwards; how near each is, shape ``(n,)``, 0..1; and the labels."""

    points: Array
    nearness: Array
    labels: tuple[MapLabel, ...]


def flatten(shown: KnowledgeMap, width: int, height: int, top: float = 0.0) -> FlatMap:
    """Return the map on a picture of that size in pixels, of which ``top`` are left free above."""
    seen = _rotated(np.asarray(shown.points, dtype=np.float64))
    low, high = seen.min(axis=0), seen.max(axis=0)
    shares = (seen - low) / np.where(high > low, high - low, 1.0)
    shares[:, high <= low] = 0.5
    frame = np.array([width - 2 * MARGIN, height - top - 2 * MARGIN])
    points = MARGIN + shares[:, :2] * frame + np.array([0.0, top])
    return FlatMap(points, shares[:, 2], _labels(shown, points, width, height, top))


def _rotated(points: Array) -> Array:
    """Return points as seen from ``AZIMUTH`` and ``ELEVATION``: to the right, down, and towards the eye."""
    x, y, z = points.T
    right = x * math.cos(AZIMUTH) + z * math.sin(AZIMUTH)
    away = z * math.cos(AZIMUTH) - x * math.sin(AZIMUTH)
    down = -(y * math.cos(ELEVATION) + away * math.sin(ELEVATION))
    return np.stack([right, down, y * math.sin(ELEVATION) - away * math.cos(ELEVATION)], axis=1)


def _labels(shown: KnowledgeMap, points: Array, width: int, height: int, top: float) -> tuple[MapLabel, ...]:
    """Return the labels, those of the largest clusters nearest to their centres."""
    clusters = np.array(shown.clusters)
    kept_free = points if len(points) <= FEW_POINTS else points[:0]
    placed: list[MapLabel] = []
    for cluster, _ in Counter(shown.clusters).most_common():
        x, y = (float(value) for value in np.median(points[clusters == cluster], axis=0))
        title = without_controls(shown.titles[cluster])
        placed.append(_placed(cluster, title, (x, y), placed, kept_free, (width, height, top)))
    return tuple(placed)


def _placed(
    cluster: int,
    text: str,
    centre: tuple[float, float],
    others: Sequence[MapLabel],
    kept_free: Array,
    frame: tuple[int, int, float],
) -> MapLabel:
    """Return a label as near to its centre as the frame, the labels before it and the points to be kept free allow."""
    width, height, top = frame
    box = min(len(text) * CHAR_WIDTH + 14, width - 2 * _EDGE)
    for x, y in _places(centre):
        label = MapLabel(
            cluster,
            text,
            min(max(x - box / 2, _EDGE), width - box - _EDGE),
            min(max(y - LABEL_HEIGHT / 2, top + 1), height - LABEL_HEIGHT - _EDGE),
            box,
            LABEL_HEIGHT,
            centre,
        )
        if not any(label.overlaps(other) for other in others) and not label.covers(kept_free):
            return label
    return label


def _places(centre: tuple[float, float]) -> Iterator[tuple[float, float]]:
    """Yield places around a centre, the nearest first."""
    yield centre
    for ring in range(1, _N_RINGS + 1):
        for n in range(_N_ANGLES):
            angle = 2 * math.pi * n / _N_ANGLES
            yield (
                centre[0] + 2 * ring * _RING * math.cos(angle),
                centre[1] + ring * _RING * math.sin(angle),
            )
