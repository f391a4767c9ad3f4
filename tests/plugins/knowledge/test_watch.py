"""What is typed after ``/watch``: what, and how often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from plugins.knowledge.watch import DEFAULT_INTERVAL, watch_request


@pytest.mark.parametrize(
    ("typed", "what", "every"),
    [
        ("https://example.org/news every 7d", "https://example.org/news", timedelta(days=7)),
        ("https://example.org/news", "https://example.org/news", DEFAULT_INTERVAL),
        ("bread baking every 12h", "bread baking", timedelta(hours=12)),
        ("bread baking every 2 weeks", "bread baking", timedelta(weeks=2)),
        ("pão caseiro a cada 3 dias", "pão caseiro", timedelta(days=3)),
        ("pão caseiro cada 2 semanas", "pão caseiro", timedelta(weeks=2)),
        ("every good boy", "every good boy", DEFAULT_INTERVAL),
        ("what happens every 4 years every 30d", "what happens every 4 years", timedelta(days=30)),
    ],
)
def test_what_is_watched_and_how_often(typed: str, what: str, every: timedelta) -> None:
    assert watch_request(typed) == (what, every)


@pytest.mark.parametrize("often", ["0d", "0h", "9999d", "53w", "5 minutes", "3x"])
def test_an_interval_out_of_range_is_refused(often: str) -> None:
    with pytest.raises(BadInput) as raised:
        watch_request(f"bread every {often}")
    assert raised.value.key == "watch.interval"


@given(st.text(max_size=60))
def test_anything_can_be_typed(typed: str) -> None:
    try:
        what, every = watch_request(typed)
    except BadInput:
        return
    assert what in typed
    assert timedelta(hours=1) <= every <= timedelta(days=365)
