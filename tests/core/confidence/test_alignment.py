"""How a question's words line up with what was found, by the beginnings of words."""

from __future__ import annotations

import numpy as np
import pytest

from core.confidence.alignment import ALIGNMENT, alignment
from core.confidence.spelling import prefixes
from core.types import AnalyzedQuestion, Hit, Language, Passage, QueryTerm, SearchResult, SpaceId


def passage(text: str, n: int = 1, language: Language = "en", document: str = "notes") -> Passage:
    return Passage(n, n, SpaceId("terminal:a"), document, "", text, 0, len(text), language)


def found(words: str, *texts: str, dense: tuple[float, ...] = ()) -> SearchResult:
    cosines = dense or tuple(0.9 - 0.1 * n for n in range(len(texts)))
    hits = tuple(
        Hit(passage(text, n), 1.0, cosine, 0.0, np.ones(2, np.float32))
        for n, (text, cosine) in enumerate(zip(texts, cosines, strict=True), start=1)
    )
    terms = tuple(QueryTerm(word, {}, prefixes(word), idf=1.0) for word in words.split())
    question = AnalyzedQuestion(words, "pt", terms)
    return SearchResult(question, np.ones(2, np.float32), hits, hits, n_searched=len(hits))


def test_words_that_begin_alike_in_two_languages_are_the_same() -> None:
    told = alignment(found("sedimentos petroleo", "Sediments hold petroleum.", "The choir sings."))
    assert told["shared_top"] == told["shared_sentence"] == told["shared_best"] == 1
    assert told["shared_agreement"] == 1


def test_a_sentence_holds_less_than_the_two_it_is_next_to() -> None:
    told = alignment(found("choir thursday", "The choir sings. It meets on Thursday.", "Nothing else."))
    assert told["shared_sentence"] < told["shared_pair"] == pytest.approx(1)


def test_a_rare_word_counts_more_than_one_that_all_hits_hold() -> None:
    rare = alignment(found("choir tenor", "A tenor.", "The choir.", "The choir.", "The choir."))
    common = alignment(found("choir tenor", "The choir.", "A tenor.", "The choir.", "The choir."))
    assert rare["shared_top"] > common["shared_top"]
    assert rare["shared_anywhere"] == common["shared_anywhere"] == 1


def test_a_passage_near_in_meaning_but_not_in_words_does_not_agree() -> None:
    assert alignment(found("tenor", "The choir.", "A tenor.", dense=(0.9, 0.2)))["shared_agreement"] == 0


def test_short_words_tell_nothing_but_numbers_do() -> None:
    assert alignment(found("sol 12", "12 chairs"))["shared_top"] == 1
    assert set(alignment(found("sol", "12 chairs"))) == set(ALIGNMENT)
    assert alignment(found("sol", "12 chairs"))["shared_margin"] == 0
