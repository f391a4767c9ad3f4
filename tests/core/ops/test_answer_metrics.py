"""Labels of metrics have few values, whatever spaces there are."""

from __future__ import annotations

import pytest

from core.ops.answer_metrics import AnswerMetrics, platform_of
from core.types import SpaceId


@pytest.mark.parametrize(
    ("space", "platform"),
    [
        ("discord:1", "discord"),
        ("telegram:-2", "telegram"),
        ("terminal:ana", "terminal"),
        ("global", "other"),
        ("", "other"),
    ],
)
def test_a_platform_is_told_from_a_space(space: str, platform: str) -> None:
    assert platform_of(SpaceId(space)) == platform


def test_thumbs_are_counted_from_nought() -> None:
    metrics = AnswerMetrics([])
    metrics.rated("down")
    metrics.rated(None)
    counts = {"up": 0, "down": 1, "withdrawn": 1}
    value = metrics.registry.get_sample_value
    assert {thumb: value("aion_ratings_total", {"thumb": thumb}) for thumb in counts} == counts
