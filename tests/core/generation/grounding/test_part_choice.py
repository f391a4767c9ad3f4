"""Which parts are quoted around one of them."""

from __future__ import annotations

from core.generation.grounding.part_choice import PartChoice
from core.retrieval.blocks import MarkedText

TEXT = "Before you leave:\n\n1. Close the tap\n2. Lock the shed\n   - the key hangs inside\n3. Sign the book\n"
PARTS = MarkedText(TEXT).parts
SIZES = [part.end - part.start for part in PARTS]


def test_a_part_comes_with_what_introduces_it_and_what_it_is_nested_in():
    assert PartChoice(PARTS, SIZES, 3, 0).places() == (0, 2, 3)


def test_parts_are_taken_together_or_not_at_all():
    choice = PartChoice(PARTS, SIZES, 4, 60)
    assert not choice.take_if_fits([1, 2, 3])
    assert choice.places() == (0, 4)
    assert choice.take_if_fits([1, 2, 3], sum(SIZES))
    assert choice.places() == (0, 1, 2, 3, 4)


def test_groups_are_taken_in_turn_until_one_has_no_room():
    choice = PartChoice(PARTS, SIZES, 4, SIZES[0] + SIZES[4] + SIZES[1])
    assert choice.grow([[1], [2, 3]]) == [2, 3]
    assert choice.places() == (0, 1, 4)


def test_nothing_introduces_what_was_not_chosen():
    assert PartChoice(PARTS, SIZES, 0, 0).places() == (0,)
    assert MarkedText("It is open.\n\nThe rules:\n\n- none\n").parts[1].leads
    choice = PartChoice(MarkedText("It is open.\n\nThe rules:\n\n- none\n").parts, [11, 10, 4], 0, 25)
    choice.take([1])
    assert choice.places() == (0,)
