"""Spelling prefixes, alike in Portuguese and English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.confidence.spelling import plain, prefixes


@pytest.mark.parametrize(
    ("portuguese", "english"),
    [("fotossíntese", "photosynthesis"), ("espécies", "species"), ("sedimentos", "sediments"), ("química", "chimica")],
)
def test_a_root_that_two_languages_spell_differently_begins_alike(portuguese: str, english: str) -> None:
    assert prefixes(portuguese) == prefixes(english)


def test_short_words_are_left_out_but_numbers_are_not() -> None:
    assert prefixes("The sun set at 7 in 1988") == ("7", "1988")


def test_accents_and_case_tell_nothing() -> None:
    assert plain("AÇÃO Örn") == "acao orn"


@given(st.text())
def test_any_text_has_prefixes(text: str) -> None:
    assert all(0 < len(word) <= 5 for word in prefixes(text))
