"""The support check on whole replies."""

from __future__ import annotations

import pytest

from core.generation.grounding.candidate_sentences import candidate_sentences
from core.generation.grounding.sentence_ranking import ScoredSentence
from core.generation.grounding.support import SupportCheck
from tests.passages import asked, hit

FEES = (
    "The Maker plan costs 18 euros a month. It includes the workshop. "
    "Fees are due on the 5th of each month. Students pay half price."
)


def ranked(*texts, lead=3.0, language="en", first=0):
    """Return the sentences of the passages, the ``first`` of them ahead of the others by ``lead``."""
    sentences = candidate_sentences([hit(text, number=n, language=language) for n, text in enumerate(texts, 1)])
    best = [sentences[first], *(other for n, other in enumerate(sentences) if n != first)]
    return [ScoredSentence(sentence, lead if n == 0 else -n / 10) for n, sentence in enumerate(best)]


def check(question, text, *texts, language="en", **kwargs):
    return SupportCheck(asked(question, language), ranked(*texts, **kwargs)).check(text)


COST = "How much does the Maker plan cost?"


def test_what_stands_is_cited_with_a_verbatim_quote():
    support = check(COST, "The Maker plan costs 18 euros a month.", FEES)
    assert support.text == "The Maker plan costs 18 euros a month. [1]"
    (source,) = support.sources
    assert (source.n, source.passage_id, source.document) == (1, 1, "Handbook")
    assert source.quote in FEES
    assert "18 euros" in source.quote
    assert support.is_supported
    assert support.reason == ""


@pytest.mark.parametrize(
    "text",
    [
        "The Maker plan costs 18 euros a month. [3]",
        "[2] The Maker plan costs 18 euros a month [1, 2].",
        "Answer: The Maker plan costs 18 euros a month.",
        "According to the notes, the Maker plan costs 18 euros a month.",
        "Yes, the Maker plan costs 18 euros a month.",
        "No. The Maker plan costs 18 euros a month.",
        "> **The Maker plan** costs 18 euros a month.",
    ],
)
def test_the_models_own_markers_and_openings_are_not_kept(text):
    support = check(COST, text, FEES)
    assert support.is_supported, support.reason
    assert support.text.endswith(" [1]")
    assert support.text.count("[") == 1
    assert not support.text.lower().startswith(("yes", "no", "answer", "according"))


def test_a_reply_is_kept_up_to_the_first_sentence_that_falls():
    said = "The Maker plan costs 18 euros a month. Students pay half price. It includes beer. Fees are due on the 5th."
    support = check(COST, said, FEES)
    assert support.text == "The Maker plan costs 18 euros a month. [1] Students pay half price. [1]"
    assert len(support.sources) == 1
    assert "beer" in support.reason


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "says nothing"),
        ("Yes.", "says nothing"),
        ("The Maker plan costs 20 euros a month.", "20"),
        ("Students pay half price.", "says"),  # true, but not of the sentence that answers
        ("The Maker plan.", "says back the question"),
        ("It costs 18 euros a month.", "drops"),
        ("I don't know.", "says"),
    ],
)
def test_what_does_not_answer_is_not_kept(text, why):
    support = check(COST, text, FEES)
    assert not support.is_supported
    assert support.sources == ()
    assert why in support.reason


@pytest.mark.parametrize(
    ("text", "is_supported"),
    [("No, we do not audition.", True), ("We do not audition.", True), ("Yes, we do audition.", False)],
)
def test_a_closed_question_is_answered_by_saying_it_back(text, is_supported):
    assert check("Do I have to audition?", text, "We do not audition.").is_supported is is_supported


def test_a_true_sentence_without_what_was_asked_for_is_not_kept():
    support = check("When is the pool open?", "The pool is warm.", "The pool is warm.")
    assert "no such thing as was asked for" in support.reason


def test_a_reply_that_repeats_itself_is_cut():
    said = "The Maker plan costs 18 euros a month. " * 3
    support = check(COST, said, FEES)
    assert support.text == "The Maker plan costs 18 euros a month. [1]"
    assert "repeats itself" in support.reason


def test_a_later_sentence_of_few_words_is_not_kept():
    support = check(COST, "The Maker plan costs 18 euros a month. You must include it.", FEES)
    assert support.text == "The Maker plan costs 18 euros a month. [1]"


def test_later_sentences_may_stand_only_on_the_same_passage():
    said = "The Maker plan costs 18 euros a month. The tram stops at the door."
    support = check(COST, said, FEES, "The tram stops at the door.")
    assert "tram" not in support.text
    assert "tram" in support.reason


def test_nothing_passes_where_no_sentence_is_clearly_the_answer():
    unclear = SupportCheck(asked(COST), ranked(FEES, lead=0.5))
    assert not unclear.can_pass
    assert not unclear.check("The Maker plan costs 18 euros a month.").is_supported


def test_nothing_passes_without_passages_or_in_another_language():
    assert not SupportCheck(asked(COST), []).can_pass
    assert not SupportCheck(asked("Quanto custa o plano?", "pt"), ranked(FEES)).can_pass


def test_one_sentence_alone_is_clear():
    assert SupportCheck(asked(COST), ranked("The Maker plan costs 18 euros a month.")).can_pass


def test_portuguese_is_checked_alike():
    text = "A sala azul custa 6 euros por hora."
    question = "Quanto custa a sala azul?"
    assert (
        check(
            question,
            text,
            text,
            language="pt",
        ).is_supported
        is False
    )  # the passage is marked English
    sentences = [ScoredSentence(candidate_sentences([hit(text, language="pt")])[0], 1.0)]
    assert SupportCheck(asked(question, "pt"), sentences).check("A sala azul custa 6 euros por hora.").is_supported
    assert not SupportCheck(asked(question, "pt"), sentences).check("A sala azul custa 9 euros por hora.").is_supported
    assert (
        not SupportCheck(asked(question, "pt"), sentences).check("A sala azul não custa 6 euros por hora.").is_supported
    )


@pytest.mark.parametrize(
    "hours",
    [
        "The library is open:\n\n- Saturdays from 10 to 16\n- Sundays from 10 to 13",
        "| Day | The library is open |\n|---|---|\n| Saturdays | from 10 to 16 |\n| Sundays | from 10 to 13 |",
    ],
)
@pytest.mark.parametrize("first", [0, 1])
def test_one_item_of_a_list_is_not_told_as_the_answer(hours, first):
    text = "The library is open on Sundays from 10 to 13."
    support = SupportCheck(asked("When is the library open on Saturdays?"), ranked(hours, first=first))
    assert not support.can_pass
    assert not support.check(text).is_supported
