"""RTF: characters in every way it writes them, and what is no text."""

from __future__ import annotations

import pytest

from core.knowledge.extract import extract
from tests.corpus.office import rtf


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"caf\'e9 \u8364? \emdash\~x", "café € — x"),
        (r"{\f1\'ea\'eb\'fe\'f7}", "ключ"),
        (r"\uc2\u8364\'80\'80 x", "€ x"),
        (r"ok \u-10179?\u-8704?", "ok 😀"),
        (r"a\{b\}\\c", r"a{b}\c"),
        (r"shown{\v hidden}\v0 here", "shownhere"),
        (r'{\field{\*\fldinst HYPERLINK "https://example.org"}{\fldrslt the page}}', "the page"),
        (r"{\*\unknown secret}text{\pict 0102ff}", "text"),
        (r"{\header Page head}text", "text"),
    ],
)
def test_characters_and_what_is_left_out(source: str, shown: str) -> None:
    assert extract(rtf(rf"\pard {source}\par"), "a.rtf").text == shown


def test_rows_of_a_table() -> None:
    rows = "".join(rf"\trowd\pard\intbl {a}\cell {b}\cell\row" for a, b in (("Room", "Door"), ("Hall", "North")))
    assert (
        extract(rtf(rf"{rows}\pard End.\par"), "a.rtf").text == "| Room | Door |\n|---|---|\n| Hall | North |\n\nEnd."
    )


def test_the_title_is_the_documents() -> None:
    assert extract(rtf(r"\pard Word\par"), "a.rtf").title == "A title"
