"""Turns: what each person said, by session, for resolving follow-up questions.

A session is one person in one conversation of one space; every read is of one session. People are pseudonyms
(``core.privacy.pseudonyms``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, insert, select

from core.storage.database import Database
from core.storage.schema import turns
from core.storage.spaces import ensure_space
from core.types import Platform, SpaceId

RETENTION = timedelta(days=30)
"""Turns are deleted after this time."""


@dataclass(frozen=True, slots=True)
class Session:
    """One person (``person`` is a pseudonym) in one channel, thread, topic or chat."""

    space: SpaceId
    conversation: str
    person: str


@dataclass(frozen=True, slots=True)
class ConversationTurn:
    """One turn: its text, and ``topic``, the last self-contained question of the session (often the same)."""

    text: str
    topic: str
    at: datetime


class Turns:
    """The turns of every session."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, session: Session, said: ConversationTurn) -> None:
        """Store a turn as the session's last."""
        values = {"space_id": session.space, "conversation": session.conversation, "person": session.person}
        values |= {"text": said.text, "topic": said.topic}
        async with self._database.write_beside() as connection:
            await ensure_space(connection, session.space)
            await connection.execute(insert(turns).values(said_at=said.at, **values))

    async def last(self, session: Session) -> ConversationTurn | None:
        """Return the session's last turn, if there is one."""
        statement = select(turns).where(_of(session)).order_by(turns.c.id.desc()).limit(1)
        row = await self._database.row(statement)
        return ConversationTurn(row.text, row.topic, row.said_at) if row is not None else None

    async def conversations(self, platform: Platform, since: datetime) -> list[tuple[SpaceId, str]]:
        """Return space and conversation of every turn on a platform since then, the latest first, each once."""
        latest = func.max(turns.c.said_at)
        statement = (
            select(turns.c.space_id, turns.c.conversation)
            .where(turns.c.space_id.startswith(f"{platform}:", autoescape=True))
            .group_by(turns.c.space_id, turns.c.conversation)
            .having(latest >= since)
            .order_by(latest.desc())
        )
        async with self._database.read() as connection:
            return [(SpaceId(space), conversation) for space, conversation in await connection.execute(statement)]

    async def clear(self, session: Session) -> int:
        """Delete a session's turns; return how many there were."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(turns).where(_of(session)))).rowcount

    async def prune(self, now: datetime) -> int:
        """Delete turns older than ``RETENTION`` before ``now``; return how many."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(turns).where(turns.c.said_at < now - RETENTION))).rowcount


def _of(session: Session) -> ColumnElement[bool]:
    return (
        (turns.c.space_id == session.space)
        & (turns.c.conversation == session.conversation)
        & (turns.c.person == session.person)
    )
