"""Every collection is a community of its own, and every question is asked of its own collection alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.evaluation.dataset import LabelledDocument, LabelledQuestion, LabelledSet
from core.experiments.member_eval import member_answers
from core.types import Answer, Confidence, SearchResult
from tests.passages import found, hit

DATA = LabelledSet(
    "two",
    (
        LabelledDocument("1", "north/gate.md", "The north gate opens at nine."),
        LabelledDocument("2", "south/gate.md", "The south gate opens at ten."),
    ),
    (
        LabelledQuestion("a", "When?", True, {"1": 2}, topic="north", must=(("nine",),), quotes=("opens at nine",)),
        LabelledQuestion("b", "When?", True, {"2": 2}, topic="south", must=(("ten",),), quotes=("opens at ten",)),
        LabelledQuestion("c", "Who?", False, {}, topic="none", must=()),
    ),
)


class Echo:
    """A community that answers with all it was taught."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def teach(self, document: LabelledDocument) -> None:
        self.texts.append(document.text)

    async def ask(self, question: LabelledQuestion) -> tuple[Answer, SearchResult]:
        text = " ".join(self.texts)
        answer = Answer(1, text, "extract", None, "en", Confidence(0.5, 0.5, ()), latency_ms={"total": 2.0})
        return answer, found(question.text, [hit(text)])


async def test_a_question_meets_its_own_collection() -> None:
    opened: list[Echo] = []
    heard: list[int] = []

    @asynccontextmanager
    async def community() -> AsyncIterator[Echo]:
        opened.append(Echo())
        yield opened[-1]

    answers = await member_answers(DATA, community, 10, lambda: heard.append(1))
    by_id = {each.question.id: each for each in answers}
    assert len(opened) == 2 and len(heard) == 3
    assert by_id["a"].text == "The north gate opens at nine." and by_id["a"].outcome == "right"
    assert by_id["b"].text == "The south gate opens at ten." and by_id["b"].gold_rank == 1
    assert by_id["c"].outcome == "bluffed"


async def test_collections_without_a_chosen_question_are_not_opened() -> None:
    opened: list[Echo] = []

    @asynccontextmanager
    async def community() -> AsyncIterator[Echo]:
        opened.append(Echo())
        yield opened[-1]

    assert len(await member_answers(DATA, community, 1)) == 1
    assert len(opened) == 1


def test_a_set_without_folders_is_one_collection() -> None:
    flat = LabelledSet("flat", (LabelledDocument("1", "Gate", "x"), LabelledDocument("2", "Key", "y")), DATA.questions)
    assert flat.collections() == (flat,)


def test_topics_that_share_folders_are_one_collection() -> None:
    mixed = LabelledQuestion("a", "When?", True, {"1": 1, "2": 1}, topic="both")
    data = LabelledSet("mixed", DATA.documents, (mixed,))
    assert data.collections() == (data,)
