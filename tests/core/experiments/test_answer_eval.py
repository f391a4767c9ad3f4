"""Written answers on a tiny labelled set: the real search, gate and writer, with a scripted model."""

import pytest

from core.confidence.calibrate import shipped
from core.confidence.gate import LogisticGate
from core.evaluation.dataset import LabelledDocument, LabelledQuestion, LabelledSet
from core.evaluation.written import written_metrics
from core.experiments.answer_eval import written_answers
from core.generation.providers.router import Router
from core.generation.writer import Writers
from tests.fakes import ScriptedGenerator, WordEmbedder

DATA = LabelledSet(
    "tiny",
    (
        LabelledDocument("hours", "Library", "The library opens at nine o'clock in the morning on Saturdays."),
        LabelledDocument("cat", "Cat", "The cat sleeps all day on the sofa."),
    ),
    (
        LabelledQuestion("q1", "When does the library open on Saturdays?", True, {"hours": 1}, ("nine o'clock",)),
        LabelledQuestion("q2", "What is the boiling point of mercury?", False, {}),
    ),
)


async def test_questions_are_answered_with_what_is_cited_or_declined():
    heard = []
    embedder = WordEmbedder()
    writers = Writers(ScriptedGenerator([]), Router(), embedder, "abstain")
    gate = LogisticGate(shipped(embedder.id))
    one, other = await written_answers(DATA, embedder, gate, writers, 10, lambda: heard.append(1))
    assert not one.abstained and "nine o'clock" in one.text and "nine o'clock" in one.cited[0]
    assert other.abstained and len(heard) == 2
    got = written_metrics([one, other])
    assert got["cited_contains_answer"] == got["answered"] == got["abstained_rightly"] == 1.0
    assert got["unsupported"] == 0.0


@pytest.mark.parametrize(("limit", "n"), [(1, 1), (2, 2), (9, 2)])
async def test_no_more_than_asked_for(limit, n):
    embedder = WordEmbedder()
    writers = Writers(ScriptedGenerator([]), Router(), embedder, "abstain")
    assert len(await written_answers(DATA, embedder, LogisticGate(shipped("x")), writers, limit)) == n
