"""Ranking sentences and quoting the best."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generation.grounding.candidate_sentences import candidate_sentences
from core.generation.grounding.extractive import extract
from core.generation.grounding.sentence_ranking import ScoredSentence, rank
from tests.fakes import WordEmbedder
from tests.passages import chunked, found, hit

POOL = """# Pool

## Hours

The pool opens at 7:30 and closes at 19:00. On holidays it stays shut.

## Fees

Adults pay 6 euros and children 2 euros. A season ticket costs 90 euros.
"""
TRAM = "Line 9 halts at the door. The tram takes eleven minutes to the station."


def answer(question, *context, language="en"):
    ranked = rank(found(question, context, language), WordEmbedder())
    return extract(ranked, language)


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("When does the pool open?", "7:30"),
        ("How much is a season ticket?", "90 euros"),
        ("What do children pay?", "2 euros"),
        ("How long does the tram take to the station?", "eleven minutes"),
    ],
)
def test_the_right_sentence_is_quoted_and_cited(question, fact):
    context = [*chunked(POOL, "Pool rules"), hit(TRAM, number=9, document="Getting here")]
    quoted = answer(question, *context)
    assert fact in quoted.text
    (best, *_) = quoted.sources
    assert fact in best.quote
    assert best.quote in (POOL if "euros" in fact or ":" in fact else TRAM)
    assert best.document == ("Getting here" if "eleven" in fact else "Pool rules")


def test_a_quote_is_introduced_and_numbered():
    quoted = answer("When does the pool open?", *chunked(POOL, "Pool rules"))
    lead, *quotes = quoted.text.splitlines()
    assert lead == "This is what I was taught:"
    assert quotes == ["> The pool opens at 7:30 and closes at 19:00. [1]"]
    assert [(source.n, source.heading) for source in quoted.sources] == [(1, "Pool > Hours")]


def test_a_foreign_quote_is_introduced_in_the_askers_language():
    quoted = answer("Horários da pool 7:30?", *chunked(POOL, "Pool rules"), language="pt")
    assert quoted.text.startswith("Foi isto que me ensinaram, em inglês:\n> ")
    assert "The pool opens at 7:30" in quoted.text


def scored(*pairs):
    """Return sentences of two passages with these scores, best first: ``(passage, place, score)``."""
    sentences = candidate_sentences(
        [hit("One is here. Two is here. It is three.", number=1), hit("Four.\n\nFive.", number=2)]
    )
    of = {1: sentences[:3], 2: sentences[3:]}
    return [ScoredSentence(of[n][place], score) for n, place, score in pairs]


def test_others_nearly_as_likely_are_quoted_beside_it_in_the_order_of_the_document():
    quoted = extract(scored((2, 1, 5.0), (1, 1, 4.5), (1, 0, 4.2), (2, 0, 4.1)), "en")
    assert quoted.text.splitlines()[1:] == ["> Five. [1]", "> One is here. [2]", "> Two is here. [2]"]
    assert [(source.n, source.quote) for source in quoted.sources] == [(1, "Five."), (2, "Two is here.")]


def test_what_is_much_less_likely_is_not_quoted():
    assert extract(scored((1, 0, 5.0), (1, 1, 3.0)), "en").text.splitlines()[1:] == ["> One is here. [1]"]


def test_a_sentence_quoted_with_the_next_is_not_quoted_twice():
    quoted = extract(scored((1, 2, 5.0), (1, 1, 4.9)), "en")
    assert quoted.text.splitlines()[1:] == ["> Two is here. It is three. [1]"]


def test_a_very_long_sentence_is_cut_at_a_word():
    long = "word " * 400
    quoted = extract(rank(found("word?", [hit(long)]), WordEmbedder()), "en")
    assert quoted.text.endswith("word … [1]")
    assert len(quoted.text) < 700
    assert len(quoted.sources[0].quote) <= 300


def test_nothing_found_is_nothing_to_quote():
    assert rank(found("Anything?", []), WordEmbedder()) == []
    assert extract([], "en") is None
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
    quoted = extract(ranked, "en")
    for source in quoted.sources if quoted else ():
        assert any(source.quote in text for text in texts)
