"""What is stored is counted, and what is refused is not."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from core.ops.answer_metrics import AnswerMetrics
from core.ops.measured_answers import MeasuredAnswers
from core.storage.answers import NewAnswer
from core.storage.database import Database
from core.types import Confidence, Decision, SpaceId

SPACE = SpaceId("telegram:-5")


async def test_an_answer_and_its_ratings_are_counted_once_stored(database: Database) -> None:
    metrics = AnswerMetrics(["groq"])
    answers = MeasuredAnswers(database, metrics)
    decision = Decision("local", Confidence(0.9, 0.5))
    number = await answers.record(NewAnswer(SPACE, "code", "here", "When?", "en", (), decision, "At nine.", "extract"))
    await answers.rate(SPACE, number, "code", "up")
    with pytest.raises(BadInput):
        await answers.rate(SpaceId("telegram:-6"), number, "code", "up")
    value = metrics.registry.get_sample_value
    assert value("aion_answers_total", {"used": "extract", "platform": "telegram"}) == 1
    assert value("aion_ratings_total", {"thumb": "up"}) == 1
    assert value("aion_fallback_total", {"used": "extract", "platform": "telegram"}) is None
    assert value("aion_confidence_count") == 0, "nothing was searched"
