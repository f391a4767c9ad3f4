"""Which quotation answers best."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generation.grounding.quote_ranking import rank_quotations
from tests.fakes import MeaningEmbedder, WordEmbedder
from tests.passages import chunked, found, hit

POOL = """# Pool

## Hours

The pool opens at 7:30 and closes at 19:00. On holidays it stays shut.

## Fees

Adults pay 6 euros and children 2 euros. A season ticket costs 90 euros.
"""
TRAM = "Line 9 halts at the door. The tram takes eleven minutes to the station."


def ranked(question, *context, language="en", reranker=None, embedder=None):
    return rank_quotations(found(question, context, language), (), embedder or WordEmbedder(), reranker)


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("When does the pool open?", "7:30"),
        ("How much is a season ticket?", "90 euros"),
        ("What do children pay?", "2 euros"),
        ("How long does the tram take to the station?", "eleven minutes"),
    ],
)
def test_the_quotation_that_answers_is_first(question, fact):
    context = [*chunked(POOL, "Pool rules"), hit(TRAM, number=9, document="Getting here")]
    best = ranked(question, *context)[0].quotation
    assert fact in best.text
    assert best.source.quote in (TRAM if "eleven" in fact else POOL)


def test_the_words_of_the_headings_count():
    context = chunked("# Sauna\n\nOpen from nine to noon.\n\n# Pool\n\nOpen from ten to eight.\n", "House")
    assert ranked("When is the pool open?", *context)[0].quotation.text == "Open from ten to eight."


def test_the_passage_found_first_is_first_where_nothing_else_tells():
    context = [hit(f"Rooms on floor {n} are bright.", number=n, dense=0.9 - n / 50) for n in range(1, 5)]
    assert ranked("Is there a garden?", *context)[0].quotation.passage.n == 1


def test_no_more_than_a_few_of_each_passage_are_embedded():
    embedder = WordEmbedder()
    context = [hit(" ".join(f"Sentence {n} of {p} tells of tools." for n in range(40)), number=p) for p in range(1, 9)]
    asked = ranked("Which tools are in sentence 17 of 3?", *context, embedder=embedder)
    assert len(asked) == embedder.n_embedded == 28
    assert "Sentence 17 of 3" in asked[0].quotation.text


def test_the_second_embedder_has_a_say_in_the_language_that_it_reads():
    context = [
        hit("A desk with tools stands at the front door.", number=1),
        hit("They may be taken home for about one week.", number=2),
    ]

    def lead(language, second):
        ranking = rank_quotations(found("May I borrow tools?", context, language), (), WordEmbedder(), None, second)
        score = {each.quotation.passage.n: each.score for each in ranking}
        return score[2] - score[1]

    assert lead("en", MeaningEmbedder()) > lead("en", None) + 0.5
    assert lead("pt", MeaningEmbedder()) == lead("pt", None)


def test_a_reranker_judges_in_place_of_the_embedder():
    class Liking:
        def scores(self, question, texts):
            assert question == "When does the pool open?"
            return [9.0 if "season ticket" in text else 0.0 for text in texts]

    embedder = WordEmbedder()
    best, *_ = ranked("When does the pool open?", *chunked(POOL, "Pool"), reranker=Liking(), embedder=embedder)
    assert "season ticket" in best.quotation.text
    assert embedder.n_embedded == 0


def test_what_passages_share_is_ranked_once():
    same = hit(TRAM, number=1)
    assert len(ranked("How long is the tram ride?", same, same)) == 1


def test_nothing_found_is_nothing_to_rank():
    assert ranked("Anything?") == []
    assert ranked("Anything?", hit("# Only a heading")) == []


@given(
    st.lists(st.text(alphabet="abc .?:|-#\n", min_size=1, max_size=60), min_size=1, max_size=8), st.text(max_size=30)
)
def test_any_context_and_question_are_survived(texts, question):
    scored = ranked(question, *[hit(text, number=n) for n, text in enumerate(texts, 1)])
    assert [each.score for each in scored] == sorted((each.score for each in scored), reverse=True)


def test_a_foreign_quotation_is_not_behind_for_the_words_it_cannot_share():
    native = hit("The house on the corner is old. Where the tram stops there is a house.", number=1)
    foreign = replace(hit("A casa fica na rua 5.", number=2, language="pt"), lexical=0.0)
    best, *_ = rank_quotations(found("Where is the house?", [native, foreign]), (), Nearest("casa"))
    assert best.quotation.passage.n == 2


class Nearest(WordEmbedder):
    """Embeds every text that has the word, and every question, as the same vector."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self._word = word

    def embed_passages(self, texts):
        return super().embed_passages(["Where is the house?" if self._word in text else text for text in texts])
