"""The analysis of a question, which its search result carries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.confidence.spelling import prefixes
from core.retrieval.analyzer import query_terms, stems
from core.retrieval.question import analyzed, answer_types
from tests.passages import asked


def test_content_words_are_kept_and_framing_words_are_not() -> None:
    assert [term.text for term in asked("How many kinds of refund are there in the library?").terms] == [
        "refund",
        "library",
    ]


def test_where_every_word_is_framing_all_are_kept() -> None:
    terms = asked("How many kinds?").terms
    assert terms and all(term.is_framing for term in terms)


@pytest.mark.parametrize(
    ("question", "types"),
    [
        ("How much is the day pass?", ("money",)),
        ("When does it open, and where?", ("time", "place")),
        ("Quem atende o telefone?", ("person", "contact")),
        ("Quanto tempo dura?", ("duration",)),
        ("How many chairs are there?", ("number",)),
        ("Why is it closed?", ()),
    ],
)
def test_answer_types_are_told_from_the_wording(question, types) -> None:
    assert answer_types(question) == types


@given(st.text())
def test_any_question_is_analysed(question: str) -> None:
    analysis = analyzed(question, "pt", query_terms(question))
    assert analysis.stems == frozenset(stems(question, "pt"))
    assert analysis.prefixes == prefixes(question)
    assert [term.text for term in analysis.terms] == [
        term.text for term in query_terms(question) if term.text in {kept.text for kept in analysis.terms}
    ]
