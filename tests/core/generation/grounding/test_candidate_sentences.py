"""Cutting passages into sentences that can be quoted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generation.grounding.candidate_sentences import MAX_QUOTE_CHARS, candidate_sentences, cut
from tests.passages import chunked, hit

SAMPLES = sorted((Path(__file__).parents[4] / "data" / "samples").glob("*.md"))

NOTES = """# Pool

## Hours

The pool is open all year. It closes at 19:00.

## Fees

| Who | Price |
|---|---|
| Adults | 6 euros |
| Children | 2 euros |

Bring with you:

- a towel
- a cap. It may be rented for 1 euro.

## Rules

1. Shower first.
"""


def test_every_kind_of_line_becomes_a_sentence_that_reads_alone():
    assert [(sentence.kind, sentence.text) for sentence in candidate_sentences(chunked(NOTES, "pool.md"))] == [
        ("prose", "The pool is open all year."),
        ("prose", "The pool is open all year. It closes at 19:00."),
        ("row", "Who: Adults · Price: 6 euros"),
        ("row", "Who: Children · Price: 2 euros"),
        ("prose", "Bring with you:"),
        ("item", "Bring with you: a towel"),
        ("item", "Bring with you: a cap. It may be rented for 1 euro."),
        ("item", "Shower first."),
    ]


def test_a_sentence_that_points_back_is_quoted_with_the_one_before():
    (hours, closes) = candidate_sentences([hit("The pool is open all year.\nIt closes at 19:00.")])
    assert (closes.before, closes.body) == ("The pool is open all year.", "It closes at 19:00.")
    assert closes.source.quote == "The pool is open all year.\nIt closes at 19:00."
    assert hours.source.quote == "The pool is open all year."


def test_nothing_points_back_over_a_heading():
    sentences = candidate_sentences(chunked("# A\n\nThe pool is open.\n\n## B\n\nIt is warm.", "a.md"))
    assert [sentence.before for sentence in sentences] == ["", ""]


def test_portuguese_leaves_the_subject_out():
    (_, price) = candidate_sentences([hit("A sala azul tem projetor. Custa 6 euros.", language="pt")])
    assert price.text == "A sala azul tem projetor. Custa 6 euros."


def test_passages_are_numbered_and_what_they_share_is_the_first_ones():
    overlapping = chunked("One stands here alone. " * 20 + "The end is near.", "a.md")
    sentences = candidate_sentences([*overlapping, *overlapping])
    assert {sentence.n for sentence in sentences} == {1}
    assert len(candidate_sentences([hit("Same words.", number=1), hit("Same words.", number=2)])) == 2


def test_the_label_of_an_item_is_known():
    (item,) = candidate_sentences([hit("- Saturday: from 9:00 to 18:00.")])
    assert item.label == "Saturday:"
    (prose,) = candidate_sentences([hit("Note: from 9:00 to 18:00.")])
    assert prose.label == ""


def test_a_time_of_day_is_not_taken_for_a_label():
    (sentence,) = candidate_sentences(chunked("- Wednesday, 20:00: choir rehearsal, led by Selma.", "events.md"))
    assert sentence.text == "Wednesday, 20:00: choir rehearsal, led by Selma."


@given(st.lists(st.sampled_from(["Monday", "9:30", "20:00:", "open:", "a.m.", "it's", "[x]", "12:"]), min_size=1))
def test_an_item_shows_every_word_it_has(words):
    text = "- x " + " ".join(words)
    shown = " ".join(sentence.text for sentence in candidate_sentences(chunked(text, "list.md")))
    assert shown.split() == ["x", *words]


def test_a_row_that_does_not_fit_its_header_keeps_its_cells():
    assert candidate_sentences([hit("| a | b |\n|---|---|\n| 1 | 2 | 3 |")])[0].text == "1 · 2 · 3"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_quotes_from_the_samples_are_verbatim_and_short(path):
    text = path.read_text(encoding="utf-8")
    sentences = candidate_sentences(chunked(text, path.name))
    assert len(sentences) > 10
    for sentence in sentences:
        assert sentence.source.quote in text
        assert 0 < len(sentence.source.quote) <= MAX_QUOTE_CHARS
        assert not sentence.text.startswith(("#", "- ", "|"))


@given(st.text(alphabet="ab .\n|-#:*1)", max_size=120))
def test_any_text_gives_sentences_within_it(text):
    for sentence in candidate_sentences([hit(text)]) if text.strip() else []:
        assert 0 <= sentence.quote_start <= sentence.start < sentence.end <= len(text)
        assert sentence.source.quote in text
        assert sentence.text == " ".join(sentence.text.split())


@given(st.text(max_size=80), st.integers(1, 40))
def test_cut_keeps_a_start_of_whole_words(text, max_chars):
    kept = cut(text, max_chars)
    assert len(kept) <= max_chars
    assert text.startswith(kept)
    if len(text) > max_chars and any(character.isspace() for character in text[1 : max_chars + 1]):
        assert text[len(kept)].isspace() or not kept
