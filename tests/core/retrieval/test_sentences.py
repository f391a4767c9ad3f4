"""Sentence segmentation: worked examples, and what holds for any text."""

from itertools import pairwise

import pytest
from hypothesis import given

from core.retrieval.sentences import sentences
from tests.core.retrieval.texts import texts


def split(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


@given(texts)
def test_sentences_hold_every_visible_character_once_and_in_order(text):
    spans = sentences(text)
    assert all(left.end <= right.start for left, right in pairwise(spans))
    assert "".join("".join(text[s.start : s.end].split()) for s in spans) == "".join(text.split())
    assert all(text[s.start : s.end].strip() == text[s.start : s.end] != "" for s in spans)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("We sing at St. Anne's church. Come!", ["We sing at St. Anne's church.", "Come!"]),
        ("Dr. Silva paid 3.50 euros, e.g. in cash. Fine.", ["Dr. Silva paid 3.50 euros, e.g. in cash.", "Fine."]),
        ("A Sra. Lima mora na av. Brasil, nº. 5. Sim.", ["A Sra. Lima mora na av. Brasil, nº. 5.", "Sim."]),
        ("J. R. Tolkien wrote it. Yes.", ["J. R. Tolkien wrote it.", "Yes."]),
        ('He said "stop." Then left.', ['He said "stop."', "Then left."]),
        ("see example.com for v1.2.3 now. ok", ["see example.com for v1.2.3 now.", "ok"]),
        ("we open early. we close at six.", ["we open early.", "we close at six."]),
        ("Monday: 9 to 18\nTuesday: closed", ["Monday: 9 to 18", "Tuesday: closed"]),
        ("1. First thing\n2. Second thing", ["1. First thing", "2. Second thing"]),
        (
            "a line wrapped by an editor at some seventy characters or so goes\non below.",
            ["a line wrapped by an editor at some seventy characters or so goes\non below."],
        ),
        (
            "It is no. Five years ago. Pens, etc. Max. five.",
            ["It is no.", "Five years ago.", "Pens, etc.", "Max. five."],
        ),
        ("", []),
        (" \n\t ", []),
        ("🙂🙂", ["🙂🙂"]),
    ],
)
def test_sentences(text, expected):
    assert split(text) == expected


def test_hash_inside_fenced_code_is_no_heading():
    assert "# install it" in split("# Set-up\n```sh\n# install it\nmake chat\n```\n")
