"""The flat map: the frame is filled, no label covers another, and none leaves the frame."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from core.knowledge.knowledge_map import KnowledgeMap
from core.knowledge.map_layout import MARGIN, flatten


def map_of(points: np.ndarray, clusters: tuple[int, ...], titles: tuple[str, ...]) -> KnowledgeMap:
    return KnowledgeMap(points.astype(np.float32), clusters, titles, tuple("x" for _ in clusters), 1.0)


@pytest.mark.parametrize("spread", [0.0, 0.05, 1.0])
@pytest.mark.parametrize("title", ["x", "The whole handbook of the library"])
def test_labels_stand_side_by_side_within_the_frame(spread: float, title: str) -> None:
    random = np.random.default_rng(0)
    centres = random.normal(size=(10, 3)) * spread
    points = np.concatenate([centre + 0.3 * random.normal(size=(30, 3)) for centre in centres])
    clusters = tuple(n // 30 for n in range(300))
    flat = flatten(map_of(points, clusters, tuple(f"{title} {n}" for n in range(10))), 1_000, 750, top=40)
    assert len(flat.labels) == 10
    for label in flat.labels:
        assert label.x >= 0 and label.x + label.width <= 1_000
        assert label.y >= 40 and label.y + label.height <= 750
    assert not any(one.overlaps(other) for one, other in combinations(flat.labels, 2))


def test_the_points_fill_the_frame() -> None:
    random = np.random.default_rng(0)
    points = random.normal(size=(200, 3)) * [9, 1, 0.1]
    flat = flatten(map_of(points, (0,) * 200, ("a",)), 800, 600, top=40)
    low, high = flat.points.min(axis=0), flat.points.max(axis=0)
    assert np.allclose(low, [MARGIN, MARGIN + 40]) and np.allclose(high, [800 - MARGIN, 600 - MARGIN])
    assert flat.nearness.min() == 0 and flat.nearness.max() == 1


def test_one_point_stands_in_the_middle() -> None:
    flat = flatten(map_of(np.zeros((1, 3)), (0,), ("a\x00b",)), 200, 100)
    assert np.allclose(flat.points, [[100, 50]]) and flat.labels[0].text == "ab"


def test_of_few_points_none_is_covered() -> None:
    points = np.array([[0, 0, 0], [0.01, 0, 0], [0, 0.01, 0], [1, 1, 1], [1, 0.99, 1]])
    flat = flatten(map_of(points, (0, 0, 0, 1, 1), ("The handbook of the library", "Rules")), 800, 600, top=40)
    assert not any(label.covers(flat.points) for label in flat.labels)
    assert all(label.y + label.height < 600 and label.x + label.width < 800 for label in flat.labels)
