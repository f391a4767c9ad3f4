"""What a reader is given: the sentences that hold the question's words, in their order, within the room there is."""

from __future__ import annotations

import numpy as np

from core.generation.grounding.excerpt import MAX_CHARS, excerpt
from core.types import Hit, Passage, SearchResult, SpaceId
from tests.passages import asked


def found(question: str, *texts: str) -> SearchResult:
    hits = tuple(
        Hit(
            Passage(n, n, SpaceId("s"), f"doc{n}", "", text, 0, len(text), "en"), 1.0, 0.9, 1.0, np.zeros(2, np.float32)
        )
        for n, text in enumerate(texts, start=1)
    )
    return SearchResult(asked(question), np.zeros(2, np.float32), hits, hits, n_searched=len(hits))


def test_what_fits_is_read_whole_under_the_documents_names() -> None:
    text = excerpt(found("When does the choir meet?", "The choir meets on Thursday.", "The library is shut."))
    assert text == "doc1: The choir meets on Thursday. doc2: The library is shut."


def test_the_sentence_with_the_words_is_kept_when_there_is_no_room_for_all() -> None:
    filler = " ".join(f"Nothing of note happened on day {n} of the long journey." for n in range(60))
    text = excerpt(found("When does the choir meet?", f"{filler} The choir meets on Thursday. {filler}"))
    assert "The choir meets on Thursday." in text
    assert len(text) <= MAX_CHARS + len("doc1: ")


def test_one_sentence_is_read_even_if_it_is_too_long() -> None:
    long = "The choir " + "and " * 200 + "meets."
    assert "choir" in excerpt(found("When does the choir meet?", long))


def test_a_sentence_that_points_back_does_not_repeat_the_one_that_was_just_said() -> None:
    text = excerpt(found("When does the choir meet?", "The choir sings. It meets when the choir has time."))
    assert text == "doc1: The choir sings. It meets when the choir has time."


def test_nothing_found_is_nothing_to_read() -> None:
    assert excerpt(found("When?")) == ""
