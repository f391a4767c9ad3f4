"""What a message does, in both languages."""

from __future__ import annotations

import pytest

from core.importing.speech_acts import (
    SpeechAct,
    asking_sentences,
    asks,
    does,
    is_helper_role,
    is_news_channel,
    is_solved_name,
    means,
)
from core.types.exported_message import Reactions


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("Thanks a lot!", "thanks"),
        ("MUITO OBRIGADA", "thanks"),
        ("that did the trick", "worked"),
        ("agora deu certo", "worked"),
        ("nope, still getting it", "failed"),
        ("não funcionou aqui", "failed"),
        ("I’m not sure", "unsure"),
        ("sei lá", "unsure"),
        ("same here", "same"),
        ("which version?", "clarify"),
        ("Then let’s go with blue", "decided"),
        ("Ficou decidido: quinta", "decided"),
    ],
)
def test_phrases_are_recognised(text: str, act: SpeechAct) -> None:
    assert does(text, act)


def test_phrases_end_where_words_do() -> None:
    assert not does("the party starts", "thanks")
    assert not does("set up the following", "same")
    assert not does("show me the way", "thanks")


@pytest.mark.parametrize(
    "text",
    [
        "Quick question: does anyone know what the kiln costs",
        "sorry to bother again, where can I find the manual",
        "oi gente, tudo bem? Como eu reinicio o forno?",
        "Semana passada estava tudo bem. Como eu reinicio o forno?",
    ],
)
def test_questions_that_could_be_known_are_asked(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize(
    "text", ["anyone up for a game tonight?", "tudo bem?", "did you finish the slides?", "quem vai no sábado?", "lol"]
)
def test_small_talk_asks_nothing(text: str) -> None:
    assert not asks(text)


def test_a_question_is_cut_out_of_its_greeting_and_story() -> None:
    text = "Hi all! I moved here last month. How do I get\na door badge? My old one broke."
    assert asking_sentences(text) in ("How do I get a door badge?", "a door badge?")
    assert asking_sentences("bom dia, como faço para entrar") == "como faço para entrar"


def test_names_and_reactions() -> None:
    assert is_helper_role("🛠 Lead Moderator")
    assert not is_helper_role("Blue Team Fan")
    assert is_news_channel("📢-announcements")
    assert is_news_channel("avisos")
    assert not is_news_channel("general")
    assert is_solved_name("[SOLVED] printer")
    assert is_solved_name("Resolvido: impressora")
    assert not is_solved_name("unsolved mystery")
    assert means([Reactions("✅", 2), Reactions(":white_check_mark:", 1), Reactions("😂", 9)], "helped") == 3
