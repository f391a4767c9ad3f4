"""The chunker: worked examples, and what holds for any text."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.retrieval.chunk import chunk
from tests.core.retrieval.texts import texts

sizes = st.tuples(st.integers(1, 60), st.integers(0, 59)).map(lambda pair: (pair[0] + pair[1], pair[1]))


@settings(max_examples=200)
@given(texts, sizes)
@example("# a\n# b", (5, 1))
def test_chunks_of_any_text(text, size):
    max_chars, overlap = size
    chunks = chunk(text, max_chars, overlap)
    covered = set()
    for piece in chunks:
        assert piece.text == text[piece.start : piece.end]
        assert 0 < len(piece.text) <= max_chars
        assert piece.text == piece.text.strip()
        covered.update(range(piece.start, piece.end))
        assert not cuts_word(text, piece.start, piece.end, max_chars)
    assert all(character.isspace() for place, character in enumerate(text) if place not in covered)
    for left, right in pairwise(chunks):
        assert left.start < right.start and left.end < right.end
        assert left.end - right.start <= overlap


def cuts_word(text: str, start: int, end: int, max_chars: int) -> bool:
    def inside_word(place: int) -> bool:
        if not 0 < place < len(text) or text[place - 1].isspace() or text[place].isspace():
            return False
        before = text[:place].split()[-1]
        after = text[place:].split()[0]
        return len(before) + len(after) <= max_chars and text[place - 1] not in "。！？"

    return inside_word(start) or inside_word(end)


def test_short_text_is_one_chunk_and_empty_text_is_none():
    assert [c.text for c in chunk("Just a note.")] == ["Just a note."]
    assert chunk("") == chunk(" \n ") == []


def test_chunks_end_at_sentence_ends_and_overlap_by_whole_sentences():
    text = " ".join(f"Sentence number {n} says a little something." for n in range(100))
    chunks = chunk(text, 400, 100)
    assert all(c.text.endswith(".") and c.text.startswith("Sentence") for c in chunks)
    assert all(0 < left.end - right.start <= 100 for left, right in pairwise(chunks))


def test_sentence_longer_than_the_overlap_is_overlapped_from_a_word_start():
    left, right = chunk("first " * 20 + "end. " + "second " * 20 + "end.", 200, 50)
    assert 0 < left.end - right.start <= 50
    assert right.text.startswith("first ")


def test_headings_are_a_path_and_open_their_chunk():
    text = "# Guide\n\nWelcome.\n\n## Hours\n\nWe open at 9.\n\n## Prices\n\n### Adults\n\nTen euros.\n"
    assert [(c.heading, c.text.split("\n")[0]) for c in chunk(text)] == [
        ("Guide", "# Guide"),
        ("Guide > Hours", "## Hours"),
        ("Guide > Prices > Adults", "## Prices"),
    ]


def test_heading_never_ends_a_chunk_that_has_more_to_follow():
    text = "# Guide\n" + "a" * 10 + " " + "word " * 60
    chunks = chunk(text, 100, 20)
    assert len(chunks) > 3
    assert all(not c.text.endswith("# Guide") for c in chunks)
    assert {c.heading for c in chunks} == {"Guide"}


def test_hash_inside_fenced_code_is_no_heading():
    text = "# Set-up\n```sh\n# install it\nmake chat\n```\n"
    assert [c.heading for c in chunk(text)] == ["Set-up"]


@pytest.mark.parametrize(
    "unit", ["word ", "x", "A sentence here. ", ". ", "a b\n", "# h\n", "```\n", "a.\n", "\n", "é…"]
)
def test_a_megabyte_of_anything_ends(unit):
    chunks = chunk(unit * (1_000_000 // len(unit)))
    assert all(len(c.text) <= 1200 for c in chunks)


@pytest.mark.parametrize(("max_chars", "overlap"), [(10, 10), (0, 0), (10, -1)])
def test_impossible_sizes_are_refused(max_chars, overlap):
    with pytest.raises(ValueError, match="overlap"):
        chunk("text", max_chars, overlap)
