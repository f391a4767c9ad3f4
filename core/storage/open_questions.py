"""Open questions: those that AION could not answer or was not sure of, found by the messages around them.

Every method reads one space.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, select

from core.storage.answers import AnswerRecord, read_answer
from core.storage.database import Database
from core.storage.schema import answers
from core.types import SpaceId

_OPEN = ("abstained", "closest", "silent")
"""What ``used`` says of an answer that left its question open."""


class OpenQuestions:
    """The answers of every space that left their questions open."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def at(self, space: SpaceId, keys: Collection[str], since: datetime) -> AnswerRecord | None:
        """Return the latest of them that one of these messages (``PLATFORM:ID``) asks or shows."""
        there = answers.c.asked_by_message.in_(keys) | answers.c.message_ref.in_(keys)
        return await self._latest(space, there, since)

    async def in_conversation(self, space: SpaceId, conversation: str, since: datetime) -> AnswerRecord | None:
        """Return the latest of them in a conversation."""
        return await self._latest(space, answers.c.conversation == conversation, since)

    async def _latest(self, space: SpaceId, there: ColumnElement[bool], since: datetime) -> AnswerRecord | None:
        is_open = answers.c.used.in_(_OPEN) & (answers.c.created_at >= since)
        statement = select(answers).where(answers.c.space_id == space, there, is_open).order_by(answers.c.id.desc())
        row = await self._database.row(statement.limit(1))
        return read_answer(row) if row is not None else None
