"""Texts learned from chats, and the messages that each was made of, so that edits, deletions and erasure reach them.

The texts themselves are documents, proposals or texts that wait for consent, under the lesson's name. People are
pseudonyms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.database import Database
from core.storage.schema import chat_lesson_parts, chat_lessons, document_names, documents
from core.storage.spaces import ensure_space, in_community
from core.types import LessonPart, SpaceId


@dataclass(frozen=True, slots=True)
class NewChatLesson:
    """A learned text to be noted: its ``name`` and ``content_hash`` are those of its document.

    ``conversation`` is where it was said; ``answer_id`` is the declined answer whose question it answers, if any.
    """

    name: str
    conversation: str
    content_hash: str
    parts: tuple[LessonPart, ...]
    answer_id: int | None = None


@dataclass(frozen=True, slots=True)
class ChatLesson:
    """A learned text as noted; its ``parts`` are in the order of the text whose hash is ``content_hash``."""

    id: int
    space: SpaceId
    name: str
    conversation: str
    content_hash: str
    parts: tuple[LessonPart, ...]
    answer_id: int | None

    def part(self, key: str) -> LessonPart | None:
        """Return the part of a message, by its key."""
        return next((part for part in self.parts if part.key == key), None)


@dataclass(frozen=True, slots=True)
class KnownPair:
    """A question and its answers that were learned from a reply, as they are known."""

    lesson: ChatLesson
    question: str
    text: str


class ChatLessons:
    """What was learned from the chats of every space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, space: SpaceId, new: NewChatLesson) -> ChatLesson:
        """Store a lesson, in place of the one of its name."""
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            return await _save(connection, space, new)

    async def save_all(self, space: SpaceId, lessons: Sequence[NewChatLesson]) -> None:
        """Store several lessons in one transaction, each in place of the one of its name."""
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            for new in lessons:
                await _save(connection, space, new)

    async def get(self, space: SpaceId, number: int) -> ChatLesson | None:
        """Return the lesson of a number."""
        return next(iter(await self._find((chat_lessons.c.space_id == space) & (chat_lessons.c.id == number))), None)

    async def named(self, space: SpaceId, name: str) -> ChatLesson | None:
        """Return the lesson of a name."""
        return next(iter(await self._find((chat_lessons.c.space_id == space) & (chat_lessons.c.name == name))), None)

    async def names(self, space: SpaceId) -> frozenset[str]:
        """Return the names of every lesson of the space."""
        rows = await self._database.rows(select(chat_lessons.c.name).where(chat_lessons.c.space_id == space))
        return frozenset(row.name for row in rows)

    async def of_message(self, space: SpaceId, key: str) -> tuple[ChatLesson, ...]:
        """Return the lessons of a community that a message is a part of, of whatever audience."""
        theirs = select(chat_lesson_parts.c.lesson_id).where(chat_lesson_parts.c.key == key)
        return await self._find(in_community(chat_lessons.c.space_id, space) & chat_lessons.c.id.in_(theirs))

    async def of_answer(self, space: SpaceId, answer_id: int) -> ChatLesson | None:
        """Return the lesson that answers the question of an answer, if there is one."""
        ours = (chat_lessons.c.space_id == space) & (chat_lessons.c.answer_id == answer_id)
        return next(iter(await self._find(ours)), None)

    async def of_person(self, person: str) -> tuple[ChatLesson, ...]:
        """Return the lessons of all spaces that have a person's words."""
        theirs = select(chat_lesson_parts.c.lesson_id).where(chat_lesson_parts.c.person == person)
        return await self._find(chat_lessons.c.id.in_(theirs))

    async def pairs(self, space: SpaceId, limit: int) -> tuple[KnownPair, ...]:
        """Return the latest documents of the space that were learned from replies to its open questions."""
        statement = (
            select(chat_lessons.c.id, documents.c.title, documents.c.text)
            .join(
                document_names,
                (document_names.c.space_id == chat_lessons.c.space_id) & (document_names.c.name == chat_lessons.c.name),
            )
            .join(documents, documents.c.id == document_names.c.document_id)
            .where(chat_lessons.c.space_id == space, chat_lessons.c.answer_id.is_not(None))
            .order_by(chat_lessons.c.id.desc())
            .limit(limit)
        )
        rows = {row.id: row for row in await self._database.rows(statement)}
        lessons = await self._find(chat_lessons.c.id.in_(rows)) if rows else ()
        return tuple(KnownPair(each, rows[each.id].title, rows[each.id].text) for each in reversed(lessons))

    async def remove(self, lesson: ChatLesson) -> None:
        """Delete a lesson and its parts."""
        async with self._database.write() as connection:
            await connection.execute(delete(chat_lessons).where(chat_lessons.c.id == lesson.id))

    async def _find(self, which: ColumnElement[bool]) -> tuple[ChatLesson, ...]:
        """Return lessons, oldest first."""
        lessons, parts = chat_lessons.c, chat_lesson_parts.c
        columns = (*lessons, parts.key, parts.person, parts.is_question, parts.start, parts.end)
        statement = select(*columns).join(chat_lesson_parts, parts.lesson_id == lessons.id).where(which)
        rows = await self._database.rows(statement.order_by(lessons.id, parts.start))
        return tuple(_lesson(list(group)) for _, group in groupby(rows, key=lambda row: row.id))


async def _save(connection: AsyncConnection, space: SpaceId, new: NewChatLesson) -> ChatLesson:
    this = (chat_lessons.c.space_id == space) & (chat_lessons.c.name == new.name)
    values = {
        "conversation": new.conversation,
        "content_hash": new.content_hash,
        "answer_id": new.answer_id,
        "said_at": datetime.now(UTC),
    }
    changed = update(chat_lessons).where(this).values(values).returning(chat_lessons.c.id)
    number = (await connection.execute(changed)).scalar()
    if number is None:
        added = insert(chat_lessons).values(space_id=space, name=new.name, **values).returning(chat_lessons.c.id)
        number = (await connection.execute(added)).scalar_one()
    await connection.execute(delete(chat_lesson_parts).where(chat_lesson_parts.c.lesson_id == number))
    rows = [_part_columns(part, number) for part in _once(new.parts)]
    await connection.execute(insert(chat_lesson_parts), rows)
    return ChatLesson(number, space, new.name, new.conversation, new.content_hash, new.parts, new.answer_id)


def _once(parts: Iterable[LessonPart]) -> Iterable[LessonPart]:
    return {part.key: part for part in parts}.values()


def _part_columns(part: LessonPart, lesson_id: int) -> dict[str, Any]:
    columns = {"key": part.key, "person": part.person, "start": part.start, "end": part.end}
    return columns | {"lesson_id": lesson_id, "is_question": int(part.is_question)}


def _lesson(rows: Sequence[Row[Any]]) -> ChatLesson:
    row = rows[0]
    return ChatLesson(
        id=row.id,
        space=row.space_id,
        name=row.name,
        conversation=row.conversation,
        content_hash=row.content_hash,
        parts=tuple(LessonPart(each.key, each.person, bool(each.is_question), each.start, each.end) for each in rows),
        answer_id=row.answer_id,
    )
