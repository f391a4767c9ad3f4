"""Everything stored about one person, to be counted, exported and erased. People are pseudonyms.

It reads across spaces, but only a person's own rows. Documents, and what others wrote about them, belong to the
communities and stay. Every column that holds a person must be listed in ``OWNED`` or ``SIGNED``; a test checks that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.database import Database
from core.storage.schema import (
    answers,
    audit_events,
    channel_messages,
    chat_lesson_parts,
    conflicts,
    consents,
    dashboard_sessions,
    gaps,
    handoffs,
    people,
    proposals,
    ratings,
    sign_in_links,
    source_openings,
    teachings,
    trusted_people,
    turns,
    watches,
)
from core.storage.spaces import in_community
from core.types import SpaceId

OWNED: Mapping[str, tuple[Table, str]] = {
    "answers": (answers, "asker"),
    "ratings": (ratings, "person"),
    "opened_sources": (source_openings, "person"),
    "turns": (turns, "person"),
    "consents": (consents, "person"),
    "choices": (people, "person"),
    "sign_in_links": (sign_in_links, "person"),
    "dashboard_sessions": (dashboard_sessions, "person"),
    "learned_messages": (chat_lesson_parts, "person"),
    "trusted": (trusted_people, "person"),
    "kept_messages": (channel_messages, "person"),
}
"""Tables whose rows belong to a person, with the column that names them; whole rows are erased."""

SIGNED: Sequence[tuple[Table, str, str | None]] = (
    (handoffs, "replied_by", None),
    (proposals, "proposed_by", ""),
    (proposals, "decided_by", None),
    (conflicts, "decided_by", None),
    (teachings, "taught_by", ""),
    (watches, "created_by", ""),
    (audit_events, "person", ""),
)
"""Columns that name who did something for a community, which keeps the row, and what replaces an erased name."""

_SHOWN: Mapping[str, Sequence[str]] = {
    "answers": ("space_id", "conversation", "question", "searched", "text", "used", "sources", "created_at"),
    "ratings": ("answer_id", "thumb", "updated_at"),
    "opened_sources": ("answer_id", "opened_at"),
    "turns": ("space_id", "conversation", "text", "said_at"),
    "consents": ("space_id", "is_given", "decided_at"),
    "choices": ("may_train", "decided_at"),
    "sign_in_links": ("space_id", "expires_at"),
    "dashboard_sessions": ("space_id", "created_at", "seen_at"),
    "learned_messages": ("key", "is_question"),
    "trusted": ("space_id", "name"),
    "kept_messages": ("key", "said_at", "message"),
}


@dataclass(frozen=True, slots=True)
class PersonCounts:
    """How many rows are stored about a person, by kind."""

    rows: Mapping[str, int]


class PersonRecords:
    """The rows stored about each person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def may_train(self, person: str) -> bool:
        """Return whether a person allows training on their questions and ratings; ``True`` unless they declined."""
        row = await self._database.row(select(people.c.may_train).where(people.c.person == person))
        return row is None or bool(row.may_train)

    async def set_training(self, person: str, *, allowed: bool) -> None:
        """Store whether a person allows training on their questions and ratings."""
        values = {"may_train": int(allowed), "decided_at": datetime.now(UTC)}
        async with self._database.write() as connection:
            done = await connection.execute(update(people).where(people.c.person == person).values(values))
            if not done.rowcount:
                await connection.execute(insert(people).values(person=person, **values))

    async def count(self, person: str) -> PersonCounts:
        """Return how many rows are stored about a person."""
        async with self._database.read() as connection:
            return PersonCounts(
                {kind: await _count(connection, table, owner, person) for kind, (table, owner) in _owned()}
            )

    async def export(self, person: str) -> Mapping[str, list[dict[str, Any]]]:
        """Return everything stored about a person as JSON values, by kind of row."""
        async with self._database.read() as connection:
            return {
                kind: await _rows(connection, table, owner, person, _SHOWN[kind]) for kind, (table, owner) in _owned()
            }

    async def answer_ids(self, person: str) -> frozenset[int]:
        """Return the ids of the answers that a person asked for or rated."""
        rated = select(ratings.c.answer_id).where(ratings.c.person == person)
        asked = select(answers.c.id).where(answers.c.asker == person)
        rows = [*await self._database.rows(rated), *await self._database.rows(asked)]
        return frozenset(row[0] for row in rows)

    async def forget(self, person: str) -> PersonCounts:
        """Erase a person's own rows and replace their pseudonym in others; return what was erased. Atomic."""
        theirs = select(answers.c.id).where(answers.c.asker == person).scalar_subquery()
        asked = select(answers.c.question).where(answers.c.asker == person).scalar_subquery()
        spaces = select(answers.c.space_id).where(answers.c.asker == person).scalar_subquery()
        async with self._database.write() as connection:
            counts = {kind: await _count(connection, table, owner, person) for kind, (table, owner) in _owned()}
            done = await connection.execute(delete(handoffs).where(handoffs.c.answer_id.in_(theirs)))
            counts["handoffs"] = done.rowcount
            # Open gaps are gathered again every night from the answers that are left.
            said = or_(gaps.c.status == "open", gaps.c.question.in_(asked))
            await connection.execute(delete(gaps).where(gaps.c.space_id.in_(spaces), said))
            waiting = (await connection.execute(select(teachings.c.id, teachings.c.awaiting))).all()
            unsaid = [row.id for row in waiting if person in row.awaiting]
            await connection.execute(delete(teachings).where(teachings.c.id.in_(unsaid)))
            of_person = audit_events.c.person == person
            await connection.execute(update(audit_events).where(of_person).values(name=""))
            for table, column, instead in SIGNED:
                await connection.execute(update(table).where(table.c[column] == person).values({column: instead}))
            for _, (table, owner) in _owned():
                await connection.execute(delete(table).where(table.c[owner] == person))
        return PersonCounts(counts)

    async def answers_before(self, before: datetime, space: SpaceId | None = None) -> frozenset[int]:
        """Return the ids of the answers given before then, in one community or in all."""
        rows = await self._database.rows(select(answers.c.id).where(_older(answers.c.created_at, before, space)))
        return frozenset(row.id for row in rows)

    async def prune(self, before: datetime, space: SpaceId | None = None) -> int:
        """Erase the answers given before then with everything that refers to them; return how many. Atomic.

        In one community, or in all.
        """
        is_old = _older(answers.c.created_at, before, space)
        async with self._database.write() as connection:
            old = select(answers.c.id).where(is_old).scalar_subquery()
            await connection.execute(delete(gaps).where(_older(gaps.c.asked_at, before, space)))
            await connection.execute(delete(handoffs).where(handoffs.c.answer_id.in_(old)))
            done = await connection.execute(delete(answers).where(is_old))
        return done.rowcount


def _older(at: Column[Any], before: datetime, space: SpaceId | None) -> ColumnElement[bool]:
    """Return the condition that a row of a table with a ``space_id`` is older than ``before``."""
    return and_(at < before, in_community(at.table.c.space_id, space)) if space is not None else at < before


def _owned() -> Sequence[tuple[str, tuple[Table, str]]]:
    return tuple(OWNED.items())


async def _count(connection: AsyncConnection, table: Table, owner: str, person: str) -> int:
    statement = select(func.count()).select_from(table).where(table.c[owner] == person)
    return int((await connection.execute(statement)).scalar_one())


async def _rows(
    connection: AsyncConnection, table: Table, owner: str, person: str, shown: Sequence[str]
) -> list[dict[str, Any]]:
    statement = select(*(table.c[name] for name in shown)).where(table.c[owner] == person)
    rows = (await connection.execute(statement)).mappings().all()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
