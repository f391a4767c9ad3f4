"""What of a question's wording the best passages keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.confidence.spelling import prefixes
from core.confidence.wording import WORDING, wording
from core.types import AnalyzedQuestion, Hit, Passage, QueryTerm, SearchResult, SpaceId


def hit(n: int, text: str, matched: tuple[int, ...] = ()) -> Hit:
    passage = Passage(n, n, SpaceId("terminal:a"), "notes", "", text, 0, len(text), "en")
    return Hit(passage, 1.0, 0.9 - 0.1 * n, 1.0, np.ones(2, np.float32), matched)


def found(question: str, *hits: Hit, terms: tuple[tuple[str, float], ...] = ()) -> SearchResult:
    words = tuple(QueryTerm(text, {}, idf=idf) for text, idf in terms)
    analyzed = AnalyzedQuestion(question, "en", words, prefixes=prefixes(question))
    return SearchResult(analyzed, np.ones(2, np.float32), hits, hits, n_searched=len(hits))


def test_a_rare_word_that_is_missing_is_told_beside_the_rarest() -> None:
    told = wording(
        found("?", hit(1, "a", (0,)), hit(2, "b", (1,)), terms=(("choir", 4.0), ("tenor", 2.0), ("sings", 2.0)))
    )
    assert told["rarest_missing"] == pytest.approx(0.5)
    assert told["first_three"] == pytest.approx(0.75)
    assert told["absent"] == pytest.approx(0.25)


def test_names_and_numbers_are_looked_for_as_they_are() -> None:
    told = wording(
        found("When did Marta meet Öst in 1988?", hit(1, "Marta sang."), hit(2, "It was in 1987, with Ost."))
    )
    assert (told["names"], told["names_missing"], told["numbers_missing"]) == (3, 1, 1)
    assert told["names_held"] == pytest.approx(1 / 3)


def test_the_first_word_is_no_name_though_it_is_written_large() -> None:
    assert wording(found("Choir where?", hit(1, "Nothing.")))["names"] == 0


def test_words_side_by_side_tell_more_than_the_same_words_far_apart() -> None:
    near = wording(found("the choir rehearses thursday", hit(1, "The choir rehearses each Thursday.")))
    filler = " ".join(f"word{n}x" for n in range(20))
    far = wording(found("the choir rehearses thursday", hit(1, f"Thursday {filler} rehearses {filler} choir.")))
    assert near["pairs_kept"] == 1 and far["pairs_kept"] == 0
    assert near["closeness"] == 1 and far["closeness"] == pytest.approx(1 / 3)


@given(st.text(), st.lists(st.text(), min_size=1, max_size=5))
def test_anything_asked_of_anything_is_told_within_bounds(question: str, texts: list[str]) -> None:
    told = wording(found(question, *(hit(n, text) for n, text in enumerate(texts))))
    assert set(told) == set(WORDING)
    shares = ("rarest_missing", "absent", "first_three", "names_held", "pairs_kept", "closeness")
    assert all(0 <= told[name] <= 1 for name in shares)
    assert all(np.isfinite(value) for value in told.values())
