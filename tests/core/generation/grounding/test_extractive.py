"""The extractive answer, sure and as what comes closest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.generation.grounding.extractive import LINES, closest, extract
from core.generation.grounding.quotation import QuotablePassage
from core.generation.grounding.quote_ranking import ScoredQuotation, rank_quotations
from tests.fakes import WordEmbedder
from tests.passages import chunked, found, hit, passage

GARDEN = """# Horta

## Rega

A rega é das 6h às 9h. Aos domingos ninguém rega.

## Quotas

Antes de maio paga-se assim:

- sócios: 20 euros
- visitas: 35 euros
"""


def answer(question, *context, language="pt"):
    return extract(rank_quotations(found(question, context, language), (), WordEmbedder()))


def test_the_fact_comes_first_with_nothing_before_or_after_it():
    quoted = answer("A que horas é a rega?", *chunked(GARDEN, "Horta", "pt"))
    assert quoted.text == "A rega é das 6h às 9h. Aos domingos ninguém rega."
    assert [(source.n, source.heading) for source in quoted.sources] == [(1, "Horta > Rega")]


def test_a_foreign_quote_stays_as_it_is():
    assert answer("When is rega 6h?", *chunked(GARDEN, "Horta", "pt"), language="en").text.startswith("A rega é das 6h")


def scored(*pairs):
    """Return the sentences of two passages with these scores, best first: ``(passage, place, score)``."""
    texts = {
        1: "One is here.\n\n# A\n\nTwo is here.\n\n# B\n\nThree is here.",
        2: "Four is here.\n\n# C\n\nFive is here.",
    }
    of = {n: QuotablePassage(n, passage(text, number=n), passage(text, number=n)) for n, text in texts.items()}
    return [ScoredQuotation(of[n].around(place, 320), score) for n, place, score in pairs]


def test_up_to_two_nearly_as_likely_are_quoted_after_it():
    quoted = extract(scored((2, 1, 5.0), (1, 1, 4.5), (1, 0, 4.2), (1, 2, 4.1)))
    assert quoted.text == "Five is here. [1]\n\nOne is here.\n…\nTwo is here. [2]"
    assert quoted.first.endswith("Five is here.")
    assert [(source.n, source.quote) for source in quoted.sources] == [(1, "Five is here."), (2, "Two is here.")]


def test_two_of_one_passage_have_one_source_and_no_number():
    quoted = extract(scored((1, 2, 5.0), (1, 0, 4.5)))
    assert quoted.text == "One is here.\n…\nThree is here."
    assert [source.quote for source in quoted.sources] == ["Three is here."]


def test_what_is_much_less_likely_is_not_quoted_as_sure():
    ranked = scored((1, 0, 5.0), (1, 1, 2.9), (2, 0, 2.0))
    assert extract(ranked).text == "One is here."
    assert (
        closest(ranked, "en").text == "The closest I found:\n\nOne is here.\n…\nTwo is here. [1]\n\nFour is here. [2]"
    )


def test_the_closest_is_introduced_in_the_askers_language():
    assert closest(scored((1, 0, 5.0)), "pt").text == "O mais perto que encontrei:\n\nOne is here."


def test_the_closest_says_what_was_not_found_as_it_was_typed():
    quoted = closest(scored((1, 0, 0.3)), "pt", unmentioned="*estagiários*")
    assert quoted is not None
    assert quoted.text.startswith("Sobre “\\*estagiários\\*” não encontrei nada. O mais perto que encontrei:\n\nOne")


def test_the_number_of_a_source_is_outside_the_fences_of_code():
    text = "```\nls -l dir\n```"
    code = QuotablePassage(1, passage(text), passage(text)).around(0, 100)
    quoted = extract([ScoredQuotation(code, 5.0), *scored((2, 0, 4.9))])
    assert quoted.text == f"{text}\n[1]\n\nFour is here. [2]"


def test_nothing_found_is_nothing_to_quote():
    assert extract([]) is None
    assert closest([], "en") is None


@pytest.mark.parametrize(
    ("make", "least", "most"),
    [
        (extract, 200, 760),
        (lambda ranked: closest(ranked, "en"), 200, 1030),
        (lambda ranked: extract(ranked, LINES), 100, 200),
        (lambda ranked: closest(ranked, "en", LINES), 100, 230),
    ],
)
def test_an_answer_fits_a_phone(make, least, most):
    long = [hit("# H\n\n" + "A row of words is here now, say. " * 40, number=n) for n in range(1, 5)]
    ranked = rank_quotations(found("Is a row of words here?", long), (), WordEmbedder())
    assert least < len(make(ranked).text) <= most


@given(
    st.lists(st.text(alphabet="ab1 .?:|-#\n`", min_size=1, max_size=80), min_size=1, max_size=8), st.text(max_size=30)
)
def test_every_quote_is_verbatim(texts, question):
    context = [hit(text, number=n) for n, text in enumerate(texts, 1)]
    ranked = rank_quotations(found(question, context), (), WordEmbedder())
    for quoted in (extract(ranked), closest(ranked, "en")):
        assert (quoted is None) == (ranked == [])
        for source in quoted.sources if quoted else ():
            assert any(source.quote in text for text in texts)


def quoted_alone(text, words):
    """Return the answer that quotes what has these words of a document called *Doc* alone."""
    ranked = rank_quotations(found(words, chunked(text, "Doc")), (), WordEmbedder())
    return extract([next(each for each in ranked if words in each.quotation.text)]).text


FAQ = """# Doc

### Is there a fee?

No! All of it is free.

### Who may print?

Every member may print.

### Why is there a print shop?

{prose}
"""
PROSE = "The first members carried the press up the stairs in 1974, and nobody has carried it down since that day."


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("free", "▸ Is there a fee?\nNo! All of it is free."),
        ("member may", "▸ Who may print?\nEvery member may print."),
        ("1974", f"{PROSE} We print."),
    ],
)
def test_a_short_reply_is_quoted_with_the_question_it_answers(words, text):
    assert quoted_alone(FAQ.format(prose=f"{PROSE} We print."), words) == text


@pytest.mark.parametrize(
    ("source", "words", "text"),
    [
        ("# Doc\n\n## Before you leave\n\n- Turn off the lights\n- Lock up\n", "Lock up", "▸ Before you leave\n{}"),
        (
            "# Doc\n\n## The end\n\nLeave the house as you found it:\n\n- Turn off the lights\n- Lock up\n",
            "Lock up",
            "Leave the house as you found it:\n{}",
        ),
        ("# Doc\n\n- Turn off the lights\n- Lock up\n", "Lock up", "{}"),
    ],
)
def test_a_list_that_nothing_introduces_is_quoted_under_its_heading(source, words, text):
    assert quoted_alone(source, words) == text.format("- Turn off the lights\n- Lock up")


def test_what_is_no_sentence_is_quoted_under_its_heading():
    text = "# Doc\n\n## Bus station\n\n(48) 5550-0238 Mill Square, 612"
    assert quoted_alone(text, "Mill") == "▸ Bus station\n(48) 5550-0238 Mill Square, 612"


def test_a_heading_is_shown_once_above_what_stands_under_it():
    text = "# Doc\n\n## Doors\n\n- North: red key\n\nSome words that are no part of any list stand here, " + "on " * 90
    ranked = rank_quotations(found("key", chunked(f"{text}.\n\n- South: blue key\n", "Doc")), (), WordEmbedder())
    items = [each for each in ranked if each.quotation.text.startswith("- ")]
    assert extract(items).text.count("▸ Doors") == 1


def test_what_is_much_less_likely_is_not_quoted_as_closest_either():
    assert closest(scored((1, 0, 5.0), (1, 1, 1.6), (2, 0, 1.4)), "en").text.endswith("One is here.\n…\nTwo is here.")


def test_passages_of_one_section_are_quoted_in_its_order():
    def of(number, start, text):
        place = {"document_id": 1, "start": start, "end": start + len(text)}
        step = replace(passage(text, number=number, document="Doc", heading="Doc > Tunnel"), **place)
        return ScoredQuotation(QuotablePassage(number, step, step).around(0, 300), 5.0 - number)

    quoted = extract([of(1, 900, "3. Copy the port of the tunnel."), of(2, 0, "1. Download the program and run it.")])
    assert quoted.text == "▸ Tunnel\n1. Download the program and run it. [1]\n\n3. Copy the port of the tunnel. [2]"
    assert quoted.first.endswith("3. Copy the port of the tunnel.")


def listed(n_items):
    """Return the quotation of the last item of a list, some 75 characters each."""
    step = "what the members of the garden do in the evening, one by one."
    items = "\n".join(f"{i}. Step {i} of {step}" for i in range(n_items))
    whole = passage(f"Before you leave:\n\n{items}\n")
    return QuotablePassage(1, whole, whole).around(n_items - 1, 320)


@pytest.mark.parametrize(("n_items", "is_whole"), [(9, True), (12, False)])
def test_the_list_of_the_best_is_told_whole_where_it_takes_a_quarter_more_than_its_room(n_items, is_whole):
    text = closest([ScoredQuotation(listed(n_items), 1.0)], "en").text
    assert (text.count("Step") == n_items) == is_whole
    assert ("…" in text) != is_whole


def test_up_to_four_passages_are_offered_as_closest():
    sections = [f"Section {word} is about {word * 30}." for word in ("ab", "cd", "ef", "gh", "ij")]
    passages = [passage(text, number=n, document=f"d{n}") for n, text in enumerate(sections, start=1)]
    of = [QuotablePassage(each.id, each, each).around(0, 320) for each in passages]
    text = closest([ScoredQuotation(each, 5.0 - each.passage.n / 10) for each in of], "en").text
    assert [f"[{n}]" in text for n in range(1, 6)] == [True] * 4 + [False]


def test_what_a_list_left_out_is_added_to_it_in_its_order():
    of = listed(14).passage
    ranked = [ScoredQuotation(of.around(13, 320), 5.0), ScoredQuotation(of.around(2, 160), 4.0)]
    text = closest(ranked, "en").text
    steps = [line.split(".")[0] for line in text.splitlines() if "Step" in line]
    assert steps == ["1", *map(str, range(7, 14))] and text.count("Before you leave") == 1
