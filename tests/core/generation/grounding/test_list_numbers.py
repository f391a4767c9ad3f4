"""Numbers of list items that their source calls 1."""

from __future__ import annotations

import pytest

from core.generation.grounding.list_numbers import list_numbers, renumbered
from core.retrieval.blocks import MarkedText


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1. A key\n1. A lamp\n1. A rope", {1: 2, 2: 3}),
        ("1. A key\n   1. Its ring\n   1. Its tag\n1. A lamp", {2: 2, 3: 2}),
        ("1. A key\n2. A lamp\n1. A rope", {}),
        ("- A key\n- A lamp", {}),
        ("1. A key\n\nWords between.\n\n1. A lamp", {}),
    ],
)
def test_items_are_numbered_in_their_list(text: str, numbers: dict[int, int]) -> None:
    marked = MarkedText(text)
    assert list_numbers(marked.parts, marked.masked) == numbers


def test_a_number_takes_the_place_of_one_alone() -> None:
    assert renumbered("  1. Take 1. of these", 3) == "  3. Take 1. of these"
    assert renumbered("1. A key", None) == "1. A key"
