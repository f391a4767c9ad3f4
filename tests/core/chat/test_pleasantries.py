"""Messages that greet and ask: what is asked of them remains, and nothing else."""

from __future__ import annotations

import pytest

from core.chat.pleasantries import ReadMessage, read_message, says_something
from core.chat.small_talk import shipped_model
from tests.core.chat.small_talk_examples import GREETED


@pytest.mark.parametrize(("said", "asked"), GREETED)
def test_a_greeting_and_thanks_are_left_out_of_the_question(said: str, asked: str) -> None:
    assert read_message(said, shipped_model()) == ReadMessage(asked)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("oi, tudo bem? quem é você?", "identity"),
        ("hello! what can you do?", "ability"),
        ("ok, thanks! bye 👋", "thanks"),
        ("bom dia! o que você sabe?", "knowledge"),
        ("🎉🎉", "reaction"),
    ],
)
def test_of_several_kinds_the_one_that_wants_a_reply_is_told(text: str, kind: str) -> None:
    assert read_message(text, shipped_model()).kind == kind


def test_help_before_a_question_belongs_to_it() -> None:
    assert read_message("help, my print is stuck", shipped_model()) == ReadMessage("help, my print is stuck")


@pytest.mark.parametrize(
    ("text", "says"),
    [("🙂", True), (":)", True), ("a", True), ("?!", False), ("...", False), (" ", False), ("$", False)],
)
def test_punctuation_alone_says_nothing(text: str, says: bool) -> None:
    assert says_something(text) == says


def test_a_greeting_before_a_long_story_is_left_out() -> None:
    story = "Ontem choveu muito aqui. " * 12 + "Quanto custa o salão?"
    assert read_message(f"Oi pessoal, tudo bem? {story}", shipped_model()) == ReadMessage(story)
