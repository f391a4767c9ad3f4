"""What members get: right, beside the point, declined, offered or bluffed, by required strings."""

from __future__ import annotations

import pytest

from core.evaluation.dataset import LabelledQuestion
from core.evaluation.outcomes import MemberAnswer, gold_rank, is_right, metrics_by_kind, outcome_metrics


def question(*, answerable: bool = True, kind: str = "direct") -> LabelledQuestion:
    return LabelledQuestion("q", "When?", answerable, {}, must=(("nine", "9:00"), ("gate",)), kind=kind, quotes=("x",))


def answer(
    text: str, used: str = "extract", *, answerable: bool = True, confidence: float = 0.5, rank: int | None = None
) -> MemberAnswer:
    return MemberAnswer(question(answerable=answerable), text, used, confidence, rank, 10.0)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("The GATE opens at nine.", True),
        ("The gate opens\nat 9:00", True),
        ("The gate opens.", False),
        ("At nine.", False),
        ("", False),
    ],
)
def test_every_group_must_be_met_by_one_string(text: str, right: bool) -> None:
    assert is_right(text, question().must) is right


def test_accents_count_for_nothing_on_either_side() -> None:
    assert is_right("O portao abre amanha", (("portão",), ("amanhã",)))
    assert is_right("O portão abre amanhã", (("portao",), ("amanha",)))


def test_nothing_required_is_never_right() -> None:
    assert not is_right("anything", ())


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (answer("gate, nine"), "right"),
        (answer("gate, nine", "closest"), "right"),
        (answer("the cat"), "beside"),
        (answer("?", "abstained"), "declined"),
        (answer("Hi!", "talk"), "talk"),
        (answer("gate, nine", answerable=False), "bluffed"),
        (answer("gate, nine", "closest", answerable=False), "closest"),
        (answer("?", "abstained", answerable=False), "declined"),
    ],
)
def test_outcomes(given: MemberAnswer, outcome: str) -> None:
    assert given.outcome == outcome


def test_a_passage_holds_a_quote_whose_end_it_cuts_off() -> None:
    quote = "The yard gate opens at nine. " + "It is shut again " * 20
    assert gold_rank(["Nothing.", f"# Gate\nThe yard gate\nopens at nine. {'It is shut again ' * 5}"], [quote]) == 2
    assert gold_rank(["Nothing.", "Else."], [quote]) is None


@pytest.mark.parametrize(
    "quote",
    [
        "**Heaters are prohibited** in\nthe yard.",
        r"\textbf{Heaters} are ~~~prohibited~~~ in \place{the yard}",
        "`Heaters`_ are prohibited in the yard",
        "[Heaters](https://example.org/h) are prohibited",
        '<strong class="a">Heaters</strong> are prohibited',
        "`Heaters <https://example.org/h>`_ are prohibited",
    ],
)
def test_a_passage_without_the_markup_of_a_quote_holds_it(quote: str) -> None:
    for passage in ("Heaters are prohibited in the yard.", "[Heaters](../heat.md) are prohibited in the yard."):
        assert gold_rank(["Fires.", passage], [quote]) == 2


def test_an_address_that_is_shown_is_compared() -> None:
    assert gold_rank(["See <https://example.org/a>.", "See <https://example.org/b>."], ["<https://example.org/b>"]) == 2


def test_shares_are_of_their_own_kind_of_question() -> None:
    got = outcome_metrics(
        [
            answer("gate, nine", confidence=0.9, rank=1),
            answer("gate, nine", "closest", confidence=0.6, rank=3),
            answer("the cat", confidence=0.4),
            answer("?", "abstained", confidence=0.1),
            answer("gate", answerable=False, confidence=0.5),
            answer("?", "abstained", answerable=False, confidence=0.2),
        ]
    )
    assert (got["right"], got["right_asserted"], got["beside"], got["declined"]) == (0.5, 0.25, 0.25, 0.25)
    assert (got["bluffed"], got["offered"], got["declined_rightly"]) == (0.5, 0.0, 0.5)
    assert (got["gold_first"], got["gold_in_8"]) == (0.25, 0.5)
    assert got["auroc"] == pytest.approx(5 / 8)


def test_one_kind_of_question_has_no_auroc_and_kinds_are_apart() -> None:
    by_kind = metrics_by_kind([answer("gate, nine"), MemberAnswer(question(kind="howto"), "", "abstained", 0, None, 1)])
    assert list(by_kind) == ["all", "direct", "howto"]
    assert by_kind["direct"]["right"] == 1.0 and by_kind["howto"]["declined"] == 1.0
    assert by_kind["all"]["auroc"] is None and by_kind["all"]["bluffed"] is None
