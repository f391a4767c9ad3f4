"""The store of answers and ratings that counts what it stores."""

from __future__ import annotations

import logging

from core.ops.answer_metrics import AnswerMetrics
from core.storage.answers import Answers, NewAnswer
from core.storage.database import Database
from core.types import SpaceId, Thumb

log = logging.getLogger(__name__)


class MeasuredAnswers(Answers):
    """``Answers`` whose writes are counted once they are committed."""

    def __init__(self, database: Database, metrics: AnswerMetrics) -> None:
        super().__init__(database)
        self._metrics = metrics

    async def record(self, answer: NewAnswer) -> int:
        """Store an answer and return its id."""
        answer_id = await super().record(answer)
        self._metrics.answered(answer)
        took_ms, confidence = answer.latency_ms.get("total", 0.0), answer.decision.confidence.value
        log.info("answer %d by %s in %.0f ms, confidence %.2f", answer_id, answer.used, took_ms, confidence)
        return answer_id

    async def rate(self, space: SpaceId, answer_id: int, person: str, thumb: Thumb | None, key: str = "") -> bool:
        """Store a person's rating. Raises ``BadInput`` when the answer was not given in the space."""
        if is_new := await super().rate(space, answer_id, person, thumb, key):
            self._metrics.rated(thumb)
        return is_new
