"""Contradictions: the labelled pairs of ``bench/conflicts.jsonl``, and what is no contradiction in either order."""

from __future__ import annotations

import pytest

from bench.conflicts import LabelledPair, read_pairs
from core.conflicts.contradiction import contradict
from core.conflicts.statement import statements
from core.types import Passage, SpaceId

PAIRS = read_pairs()


def passage(text: str, title: str = "Page", heading: str = "") -> Passage:
    return Passage(1, 1, SpaceId("discord:1"), title, heading, text, 0, len(text), "en")


@pytest.mark.parametrize("half", ["decide", "judge"])
def test_few_false_alarms_and_most_contradictions(half: str) -> None:
    """The bounds are a little below what ``make bench-conflicts`` shows, since precision comes first."""
    pairs = [pair for pair in PAIRS if pair.half == half]
    found = [pair for pair in pairs if pair.is_found]
    right = [pair for pair in found if pair.is_conflict]
    assert len(right) >= 0.95 * len(found)
    assert len(right) >= 0.8 * sum(pair.is_conflict for pair in pairs)


def test_the_set_is_what_it_says() -> None:
    assert len(PAIRS) == 120 == len({(pair.first.text, pair.second.text) for pair in PAIRS})
    for language in ("en", "pt"):
        for half in ("decide", "judge"):
            some = [pair for pair in PAIRS if (pair.language, pair.half) == (language, half)]
            assert len(some) == 30 and sum(pair.is_conflict for pair in some) == 15


def test_order_changes_nothing() -> None:
    def turned(pair: LabelledPair) -> bool:
        return any(contradict(other, one) for one in statements(pair.first) for other in statements(pair.second))

    assert [turned(pair) for pair in PAIRS] == [pair.is_found for pair in PAIRS]


def test_questions_headings_and_long_sentences_state_nothing() -> None:
    words = " ".join(f"word{'abcdefghijklmnopqrstuvwxyz'[n]}" for n in range(26))
    text = f"# The fee is 20 euros\n\nIs the fee 20 euros?\n\nThe fee for {words} is 20 euros.\n"
    assert statements(passage(text)) == ()
    assert [each.text for each in statements(passage("The fee is 20 euros."))] == ["The fee is 20 euros."]
