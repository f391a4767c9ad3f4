"""The classifier of small talk: what it says of messages it was not fitted on, and of those it must never take."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chat.pleasantries import read_message
from core.chat.small_talk import MAX_CHARS, TALK_KINDS, shipped_model
from tests.core.chat.small_talk_examples import QUESTIONS, TALK
from tests.growth import MAX_GROWTH, growth

SENTENCES = Path(__file__).parents[3] / "bench" / "small_talk"


def test_it_knows_small_talk_it_was_not_fitted_on() -> None:
    read = [
        (wanted, text, read_message(text, shipped_model()).kind) for wanted, texts in TALK.items() for text in texts
    ]
    missed = [text for _, text, kind in read if kind is None]
    mistaken = [(text, kind) for wanted, text, kind in read if kind not in (None, wanted)]
    assert len(missed) <= 0.03 * len(read), missed
    assert len(mistaken) <= 0.1 * len(read), mistaken


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_is_never_taken_for_small_talk(text: str) -> None:
    assert read_message(text, shipped_model()).kind is None


@pytest.mark.parametrize("language", ["en", "pt"])
def test_no_question_it_was_fitted_on_is_taken_for_small_talk(language: str) -> None:
    kinds = tomllib.loads((SENTENCES / f"{language}.toml").read_text(encoding="utf-8"))
    assert set(kinds) == {*TALK_KINDS, "question"}
    questions = [line for lines in kinds["question"].values() for line in lines.strip().splitlines()]
    assert not [text for text in questions if read_message(text, shipped_model()).kind is not None]


def test_a_long_text_is_no_small_talk() -> None:
    assert shipped_model().kind("oi") == "greeting"
    assert shipped_model().kind("oi " * MAX_CHARS) is None


@given(st.text(max_size=2 * MAX_CHARS))
def test_any_text_is_read(text: str) -> None:
    assert shipped_model().kind(text) in (None, *TALK_KINDS)
    assert read_message(text, shipped_model()).asked in text


def test_the_time_is_linear_in_the_length() -> None:
    model = shipped_model()

    for piece in ("oi, ", "a", "😀", "\n", "hi ", ". ", "bom dia "):
        ratio = growth(lambda text: read_message(text, model), lambda n, piece=piece: (piece * n)[:n], 2_000, 0.005)
        assert ratio <= MAX_GROWTH, piece
