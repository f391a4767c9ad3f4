"""Discourse: which questions lean on the one before, and which utterances ask at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chat.question_recognition import MAX_WORDS, is_follow_up, is_question, names_another
from tests.core.chat.question_examples import FOLLOW_UPS, STANDALONE, UNSEEN_FOLLOW_UPS, UNSEEN_STANDALONE


@pytest.mark.parametrize("text", FOLLOW_UPS)
def test_a_follow_up_is_recognised(text):
    assert is_follow_up(text)


@pytest.mark.parametrize("text", STANDALONE)
def test_a_question_that_stands_on_its_own_is_left_alone(text):
    assert not is_follow_up(text)


def test_it_carries_over_to_questions_the_rules_were_not_written_for():
    caught = sum(map(is_follow_up, UNSEEN_FOLLOW_UPS)) / len(UNSEEN_FOLLOW_UPS)
    spoiled = sum(map(is_follow_up, UNSEEN_STANDALONE)) / len(UNSEEN_STANDALONE)
    assert caught >= 0.75
    assert spoiled <= 0.05


@pytest.mark.parametrize("text", ["", "   ", "🙂", "?", "...", "and " * MAX_WORDS + "more"])
def test_what_says_nothing_or_a_lot_is_no_follow_up(text):
    assert not is_follow_up(text)


@given(st.text(max_size=300))
def test_any_text_is_read(text):
    assert is_follow_up(text) in (True, False)
    assert is_question(text) in (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "What time does the library open?",
        "does anyone know where the keys are",
        "when is the next choir rehearsal",
        "and on Sundays?",
        "alguém sabe quem rege o coral",
        "onde fica a sala de reuniões",
        "Que horas abre a biblioteca?",
    ],
)
def test_a_question_is_heard_with_or_without_its_mark(text):
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    [
        "lol",
        "I was at the library yesterday",
        "what?",
        "how?? you did?",
        "https://example.org/watch?v=library",
        "que legal o coral",
        "obrigado!",
        "🙂?",
        "",
    ],
)
def test_chatter_is_not_a_question(text):
    assert not is_question(text)


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("what about guests?", True),
        ("And on Sundays?", True),
        ("e quanto ao forno a lenha?", True),
        ("e os visitantes?", True),
        ("and a stolen bicycle helmet?", True),
        ("e se roubarem?", False),
        ("what about when it rains?", False),
        ("and where does the choir meet", False),
        ("guests?", False),
        ("what about", False),
        ("", False),
    ],
)
def test_what_only_names_another_thing_is_told(text, does):
    assert names_another(text) is does
