"""What a reasoning model thinks aloud is never shown, however it arrives."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generation.prompting.reasoning_tags import ReasoningFilter

PIECES = st.lists(
    st.sampled_from(["<think>", "</think>", "<thin", "k>", "<", "/think>", "a", " b\n", "<b>"]), max_size=20
)


def said(pieces: list[str]) -> str:
    unthought = ReasoningFilter()
    return "".join([unthought.feed(piece) for piece in pieces]) + unthought.end()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<think>hmm</think>At nine.", "At nine."),
        ("At <think>hmm</think>nine.", "At nine."),
        ("<think>a</think>x<think>b</think>y", "xy"),
        ("<think>never closed", ""),
        ("1 < 2 and <thinking> is a word", "1 < 2 and <thinking> is a word"),
        ("ends with <thi", "ends with <thi"),
        ("", ""),
    ],
)
def test_thoughts_are_taken_out(text: str, shown: str) -> None:
    assert said([text]) == shown
    assert said(list(text)) == shown


@given(PIECES)
def test_how_a_text_is_cut_makes_no_difference(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert said(pieces) == said([text]) == said(list(text))
    assert said(pieces) == re.sub(r"<think>.*?(?:</think>|\Z)", "", text, flags=re.DOTALL)
