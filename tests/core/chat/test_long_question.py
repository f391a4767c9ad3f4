"""The question in a long story, which is searched without the story."""

from __future__ import annotations

import pytest

from core.chat.long_question import LONG_CHARS, question_in

STORY = (
    "We moved in last week and the neighbours came over with cake and told us about their holidays by the lake. " * 30
)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (STORY + "Where do I park the van? " + STORY, "Where do I park the van?"),
        (STORY + "\nonde eu estaciono a van? Obrigado. " + STORY, "onde eu estaciono a van?"),
        (STORY + "They gave me a badge. What does it cost? " + STORY, "They gave me a badge.\nWhat does it cost?"),
        ("When is tea? Who cooks? " + STORY + "Who pays?", "When is tea?\nWho cooks?\nWho pays?"),
    ],
)
def test_a_story_is_searched_by_its_questions(text: str, asked: str) -> None:
    assert question_in(text) == asked


@pytest.mark.parametrize("text", ["Where is it? I lost it.", "x" * LONG_CHARS, STORY, ""])
def test_a_short_text_and_one_that_asks_nothing_stay_whole(text: str) -> None:
    assert question_in(text) == text
