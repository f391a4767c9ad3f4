"""Ranking the sentences of a context."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generation.grounding.sentence_ranking import rank
from tests.fakes import WordEmbedder
from tests.passages import chunked, found, hit

POOL = """# Pool

## Hours

The pool opens at 7:30 and closes at 19:00. On holidays it stays shut.

## Fees

Adults pay 6 euros and children 2 euros. A season ticket costs 90 euros.
"""
TRAM = "Line 9 halts at the door. The tram takes eleven minutes to the station."


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("When does the pool open?", "7:30"),
        ("How much is a season ticket?", "90 euros"),
        ("What do children pay?", "2 euros"),
        ("How long does the tram take to the station?", "eleven minutes"),
    ],
)
def test_the_right_sentence_is_first(question, fact):
    context = [*chunked(POOL, "Pool rules"), hit(TRAM, number=9, document="Getting here")]
    (best, *_) = rank(found(question, context), WordEmbedder())
    assert fact in best.sentence.text
    assert fact in best.sentence.source.quote
    assert best.sentence.source.document == ("Getting here" if "eleven" in fact else "Pool rules")


def test_a_very_long_sentence_is_cited_by_its_start():
    (best,) = rank(found("word?", [hit("word " * 400)]), WordEmbedder())
    assert len(best.sentence.source.quote) <= 300


def test_nothing_found_is_nothing_to_rank():
    assert rank(found("Anything?", []), WordEmbedder()) == []
    assert rank(found("Anything?", [hit("# Only a heading")]), WordEmbedder()) == []


def test_few_sentences_are_embedded_however_many_there_are():
    embedder = WordEmbedder()
    context = [hit(" ".join(f"Sentence {n} of {p} tells of tools." for n in range(40)), number=p) for p in range(1, 9)]
    asked = found("Which tools are in sentence 17 of 3?", context)
    ranked = rank(asked, embedder)
    assert len(ranked) == embedder.n_embedded == 24
    assert "Sentence 17 of 3" in ranked[0].sentence.text


def test_foreign_sentences_are_compared_too_when_native_ones_share_words():
    native = hit(" ".join(f"The pool number {n} is here." for n in range(40)), number=1)
    foreign = hit("A piscina fecha às 19h.", number=2, language="pt")
    ranked = rank(found("When does the pool close?", [native, foreign]), WordEmbedder())
    assert any(scored.sentence.passage.language == "pt" for scored in ranked)


@given(st.lists(st.text(alphabet="abc .?\n", min_size=1, max_size=60), min_size=1, max_size=8), st.text(max_size=30))
def test_any_context_and_question_are_survived(texts, question):
    context = [hit(text, number=n) for n, text in enumerate(texts, 1)]
    ranked = rank(found(question, context), WordEmbedder())
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
