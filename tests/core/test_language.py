"""Language of a text: long ones by the detector, short ones with function words, accents and what is expected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.language import detect_language
from core.types import LANGUAGES, Language

OTHER: dict[Language, Language] = {"en": "pt", "pt": "en"}

SHORT: list[tuple[Language, str]] = [
    ("pt", "pit bull pode?"),
    ("pt", "pode cachorro"),
    ("pt", "obrigado"),
    ("pt", "hot dog na festa pode?"),
    ("pt", "tem wifi?"),
    ("pt", "qto custa o day use"),
    ("pt", "e o feedback dos mentores?"),
    ("en", "thanks"),
    ("en", "guest parking"),
    ("en", "can i bring my pao de queijo"),
    ("en", "whats the wifi password"),
    ("en", "is the churrasco on sunday"),
    ("en", "and the deposit?"),
]


@pytest.mark.parametrize(("language", "text"), SHORT)
def test_a_short_text_is_told_whatever_is_expected(language: Language, text: str) -> None:
    assert detect_language(text, language) == language
    assert detect_language(text, OTHER[language]) == language


@pytest.mark.parametrize("text", ["wifi?", "42", "", "TAG", "😀"])
@pytest.mark.parametrize("expected", LANGUAGES)
def test_what_is_of_no_language_is_of_the_expected_one(text: str, expected: Language) -> None:
    assert detect_language(text, expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "```python\nfor x in the_list:\n    print(x)\n```",
        "```\nselect the answer from this where that is not",
        "`git push to the origin`",
        "for x in range(10): print(x)",
        "def area(o, a, os):\n    para = [o, a]\n    return (para)",
    ],
)
@pytest.mark.parametrize("expected", LANGUAGES)
def test_code_is_of_the_expected_language(text: str, expected: Language) -> None:
    assert detect_language(text, expected) == expected


def test_what_stands_around_code_decides() -> None:
    code = "```\nfor each in the_list: print(each)\n```"
    assert detect_language(f"o que faz isso?\n{code}", "en") == "pt"
    assert detect_language(f"what does this do?\n{code}", "pt") == "en"


def test_a_long_text_is_told_by_itself() -> None:
    english = (
        "The pool is open to every resident from eight in the morning until nine in the evening, except on Mondays. "
        * 2
    )
    portuguese = (
        "A piscina fica aberta a todos os moradores das oito da manhã às nove da noite, menos às segundas. " * 2
    )
    assert (detect_language(english, "pt"), detect_language(portuguese, "en")) == ("en", "pt")


@given(st.text(max_size=400), st.sampled_from(LANGUAGES))
def test_any_text_has_a_language(text: str, expected: Language) -> None:
    assert detect_language(text, expected) in LANGUAGES
