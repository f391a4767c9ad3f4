"""Measures of written answers: SQuAD's, against figures worked out by hand, and what silence counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.written import EvaluatedReply, exact_match, normalised, token_f1, written_metrics


@pytest.mark.parametrize(
    ("text", "expected", "em", "f1"),
    [
        ("The 4th of March [1].", ["4th of march"], 1.0, 1.0),
        ("It opens at nine", ["nine", "at nine"], 0.0, 2 * (2 / 4) * 1 / (2 / 4 + 1)),
        ("Às nove horas", ["nove horas"], 0.0, 0.8),
        ("six", ["nine"], 0.0, 0.0),
        ("nine nine", ["nine"], 0.0, 2 / 3),
    ],
)
def test_words(text, expected, em, f1):
    assert (exact_match(text, expected), token_f1(text, expected)) == (em, pytest.approx(f1))


@given(st.text(), st.text())
def test_f1_is_symmetric_and_bounded(one, other):
    assert token_f1(one, [other]) == pytest.approx(token_f1(other, [one]))
    assert 0 <= token_f1(one, [other]) <= 1
    assert token_f1(one, [one]) == exact_match(one, [one]) == 1.0
    assert normalised(normalised(one)) == normalised(one)


def test_silence_is_counted_against_answerable_questions_and_for_the_others():
    replies = [
        EvaluatedReply(True, "At nine.", False, ("The library opens at nine.",), ("nine",), 10),
        EvaluatedReply(True, "", True, (), ("six",), 20),
        EvaluatedReply(True, "In ninety days", False, ("ninety days",), ("nine",), 30),
        EvaluatedReply(False, "", True, (), (), 40),
        EvaluatedReply(False, "Surely.", False, ("x",), (), 50),
    ]
    got = written_metrics(replies)
    assert got["exact_match"] == 0.0
    assert got["token_f1"] == pytest.approx((2 / 3 + 0 + 0) / 3)
    assert got["cited_contains_answer"] == 1 / 2
    assert (got["answered"], got["abstained_rightly"], got["unsupported"]) == (2 / 3, 1 / 2, 1 / 3)
    assert got["p50_ms"] == 30


def test_nothing_asked_has_no_measures():
    assert set(written_metrics([]).values()) == {None}
