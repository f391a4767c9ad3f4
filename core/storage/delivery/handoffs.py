"""Handoffs: questions passed to a space's moderators, each with at most one reply.

Every method reads and writes the space whose moderators are asked. People are pseudonyms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select, update

from core.storage.database import Database
from core.storage.schema import handoffs
from core.storage.spaces import ensure_space
from core.types import Language, SpaceId


@dataclass(frozen=True, slots=True)
class NewHandoff:
    """A question to be handed off. ``address`` is what the asker's adapter needs to reply to them."""

    asked_in: SpaceId
    answer_id: int
    conversation: str
    address: Mapping[str, str]
    language: Language
    question: str


@dataclass(frozen=True, slots=True)
class Handoff:
    """A handed-off question as stored; ``address`` is ``None`` once ``reply`` was delivered to the asker."""

    id: int
    space: SpaceId
    asked_in: SpaceId
    conversation: str
    address: Mapping[str, str] | None
    language: Language
    question: str
    reply: str | None
    replied_by: str | None


@dataclass(frozen=True, slots=True)
class OpenHandoff:
    """A question that waits for a moderator's reply."""

    id: int
    question: str
    asked_at: datetime


class Handoffs:
    """The handed-off questions of every space, answered or not."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, space: SpaceId, new: NewHandoff) -> tuple[Handoff, bool]:
        """Store a question, once for each answer; return it, and whether it is new."""
        same = (handoffs.c.asked_in == new.asked_in) & (handoffs.c.answer_id == new.answer_id)
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            if (held := (await connection.execute(select(handoffs).where(same))).first()) is not None:
                return _handoff(held), False
            statement = insert(handoffs).values(space_id=space, created_at=datetime.now(UTC), **_columns(new))
            return _handoff((await connection.execute(statement.returning(handoffs))).one()), True

    async def get(self, space: SpaceId, number: int) -> Handoff | None:
        """Return a question that the space's moderators were asked, if there is one of that number."""
        row = await self._database.row(select(handoffs).where(_is(space, number)))
        return _handoff(row) if row is not None else None

    async def unanswered(self, space: SpaceId, limit: int) -> tuple[OpenHandoff, ...]:
        """Return the oldest questions of a space without a reply."""
        columns = handoffs.c
        statement = (
            select(columns.id, columns.question, columns.created_at)
            .where(columns.space_id == space, columns.reply.is_(None))
            .order_by(columns.id)
            .limit(limit)
        )
        rows = await self._database.rows(statement)
        return tuple(OpenHandoff(row.id, row.question, row.created_at) for row in rows)

    async def reply(self, space: SpaceId, number: int, text: str, person: str) -> bool:
        """Store a moderator's reply to a question; ``False`` when it has one already."""
        values = {"reply": text, "replied_by": person, "replied_at": datetime.now(UTC)}
        unanswered = handoffs.c.reply.is_(None)
        async with self._database.write() as connection:
            done = await connection.execute(update(handoffs).where(_is(space, number), unanswered).values(values))
        return done.rowcount == 1

    async def forget_address(self, space: SpaceId, number: int) -> None:
        """Delete the asker's address, once the reply was delivered."""
        async with self._database.write() as connection:
            await connection.execute(update(handoffs).where(_is(space, number)).values(address=None))


def _is(space: SpaceId, number: int) -> ColumnElement[bool]:
    return (handoffs.c.space_id == space) & (handoffs.c.id == number)


def _columns(new: NewHandoff) -> dict[str, Any]:
    return {
        "asked_in": new.asked_in,
        "answer_id": new.answer_id,
        "conversation": new.conversation,
        "address": dict(new.address),
        "language": new.language,
        "question": new.question,
    }


def _handoff(row: Row[Any]) -> Handoff:
    return Handoff(
        id=row.id,
        space=row.space_id,
        asked_in=row.asked_in,
        conversation=row.conversation,
        address=row.address,
        language=row.language,
        question=row.question,
        reply=row.reply,
        replied_by=row.replied_by,
    )
