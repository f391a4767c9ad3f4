"""Sentence segmentation: worked examples, and what holds for any text."""

from itertools import pairwise

import pytest
from hypothesis import given

from core.retrieval.sentences import sentences, text_lines
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
        (
            "Oi. Depois da pesquisa (de 64 de vocês, obrigada!) ficou assim. He said “Wait!” and left. Why? because.",
            [
                "Oi.",
                "Depois da pesquisa (de 64 de vocês, obrigada!) ficou assim.",
                "He said “Wait!” and left.",
                "Why?",
                "because.",
            ],
        ),
        (
            "🐤 On the last day of May the sale of early tickets closes for good\n🎉 The party is on 8 September",
            ["🐤 On the last day of May the sale of early tickets closes for good", "🎉 The party is on 8 September"],
        ),
        ("", []),
        (" \n\t ", []),
        ("🙂🙂", ["🙂🙂"]),
        ("**Art. 12.** A quota vence em maio. Pague.", ["**Art. 12.** A quota vence em maio.", "Pague."]),
        ("§ 1º. O sócio paga. Sempre.", ["§ 1º. O sócio paga.", "Sempre."]),
        ("Rule 3. No dogs. Ever.", ["Rule 3. No dogs.", "Ever."]),
        ("See art. 12. Then sign.", ["See art. 12.", "Then sign."]),
    ],
)
def test_sentences(text, expected):
    assert split(text) == expected


def test_hash_inside_fenced_code_is_no_heading():
    assert "# install it" in split("# Set-up\n```sh\n# install it\nmake chat\n```\n")


def headings(text: str) -> list[tuple[int, str]]:
    return [(line.level, line.heading) for line in text_lines(text) if line.heading is not None]


def test_a_sentence_ends_with_its_line_where_each_line_is_one() -> None:
    lines = [
        "The night shift locks every door of the boathouse at 23:40.",
        "The secretary of the rowing club is Tomasina Quesada Reyes.",
        "Ask her for the key of the upper cupboard, please, not me!",
    ]
    assert split("\n".join(lines)) == lines


def test_a_wrapped_sentence_goes_on_in_the_next_line() -> None:
    text = (
        "The night shift locks the boathouse and hands the key to Dr.\nQuesada before midnight, by the\nnorthern gate."
    )
    assert split(text) == [text]


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("## C#", "C#"),
        ("## C# ##", "C#"),
        ("## Closed ##", "Closed"),
        ("# F# and C#  #", "F# and C#"),
        ("### ###", ""),
        ("## #", ""),
    ],
)
def test_number_signs_close_a_heading_after_white_space_alone(line: str, heading: str) -> None:
    assert [text for _, text in headings(line)] == [heading]


def test_underlined_headings() -> None:
    text = "Boathouse\n=========\n\nIt opens at six.\n\nKeys\n----\nThey hang inside."
    assert headings(text) == [(1, "Boathouse"), (2, "Keys")]
    assert split(text) == ["Boathouse\n=========", "It opens at six.", "Keys\n----", "They hang inside."]


@pytest.mark.parametrize(
    "text",
    [
        "It opens at six.\n\n---\n\nElse.",
        "One line\nand another\n---\nElse.",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "- item\n---\n",
        "---\n---\n",
        "```\ncode\n----\n```",
    ],
)
def test_a_rule_or_a_table_is_no_underlined_heading(text: str) -> None:
    assert headings(text) == []


def test_a_fence_is_closed_by_one_as_long_as_itself() -> None:
    text = "## Format\n````\n```\n# no heading\n```\n````\n## Rules\nBe kind.\n~~~\n```\n# none\n~~~\n## End"
    assert headings(text) == [(2, "Format"), (2, "Rules"), (2, "End")]


def test_three_backticks_within_a_line_open_no_fence() -> None:
    assert headings("```inline``` code\n# Heading") == [(1, "Heading")]
