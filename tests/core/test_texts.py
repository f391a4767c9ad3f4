"""Sentences that count things."""

from __future__ import annotations

import re

import pytest

from core.texts import catalogue, say, say_markdown
from core.types import LANGUAGES, Language

ALWAYS_SEVERAL = {
    "question.too_long",
    "doctor.near_review",
    "scale.held_out",
    "scratch.too_little",
    "plan.heading",
    "plan.best",
    "dashboard.too_long",
    "dashboard.wrong_title",
    "watch.gone_many",
    "web.prompt_too_long",
    "webhook.long_url",
}
"""Sentences about limits and about numbers that are large, or never one."""


@pytest.mark.parametrize(
    ("language", "n", "told"),
    [
        ("en", 1, "Forgotten: 1 passages (1 passage)."),
        ("en", 2, "Forgotten: 1 passages (2 passages)."),
        ("en", 0, "Forgotten: 1 passages (0 passages)."),
        ("pt", 1, "Esquecido: 1 passages (1 trecho)."),
        ("pt", 12, "Esquecido: 1 passages (12 trechos)."),
    ],
)
def test_one_thing_is_said_otherwise_than_several(language: Language, n: int, told: str) -> None:
    assert say(language, "docs.forgotten", title="1 passages", n_passages=n) == told
    assert say_markdown(language, "docs.forgotten", title="1 passages", n_passages=n) == told


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_number_stands_before_a_word_for_several_alone(language: Language) -> None:
    several = re.compile(r"\{(?:n|n_[a-z]+|days|hours|limit|minutes)(?::,)?\} (?!\{)[^\W\d_]*s\b")
    assert not [
        key for key, sentence in catalogue(language).items() if several.search(sentence) and key not in ALWAYS_SEVERAL
    ]
