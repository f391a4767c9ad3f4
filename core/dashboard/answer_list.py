"""The answers given in a space as a moderator looks through them: newest first, page by page, filtered.

The filters read the index ``ix_answers_space_id_id`` and the ratings alone, so that a page of a large space is quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, select

from core.storage.answers import AnswerRecord, Answers
from core.storage.database import Database
from core.storage.schema import answers, ratings
from core.types import SpaceId

WRITERS: tuple[str, ...] = ("local", "extract", "closest", "abstained", "silent", "cache", "talk")
"""What ``used`` may be of an answer; anything else names a provider."""

PROVIDER = "provider"
"""In a filter: any provider."""


@dataclass(frozen=True, slots=True)
class AnswerFilter:
    """Which answers to list; empty fields let every answer through. ``thumb``: somebody gave it."""

    used: str = ""
    band: str = ""
    language: str = ""
    thumb: str = ""


@dataclass(frozen=True, slots=True)
class ListedAnswer:
    """An answer in the list; ``used`` as in ``core.types.Answer``, ``confidence`` 0..1."""

    id: int
    question: str
    used: str
    band: str
    language: str
    confidence: float
    n_up: int
    n_down: int
    created_at: datetime


class AnswerList:
    """Lists the answers of any space."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answers = Answers(database)

    async def page(
        self, space: SpaceId, chosen: AnswerFilter, before: int | None, limit: int
    ) -> tuple[ListedAnswer, ...]:
        """Return the ``limit`` newest answers that a filter lets through, of those before the number ``before``."""
        columns = answers.c
        shown = (columns.id, columns.question, columns.used, columns.band, columns.language, columns.confidence)
        ids = select(columns.id).where(*_conditions(space, chosen, before)).order_by(columns.id.desc()).limit(limit)
        page = select(*shown, columns.created_at).where(columns.id.in_(ids)).order_by(columns.id.desc())
        rows = await self._database.rows(page)
        counts = await self._thumbs([row.id for row in rows])
        return tuple(_listed(row, *counts.get(row.id, (0, 0))) for row in rows)

    async def get(self, space: SpaceId, number: int) -> tuple[AnswerRecord, int, int] | None:
        """Return an answer of the space with its numbers of 👍 and 👎; ``None`` when it has none of that number."""
        record = await self._answers.get(space, number)
        if record is None:
            return None
        return (record, *(await self._thumbs([number])).get(number, (0, 0)))

    async def _thumbs(self, numbers: list[int]) -> dict[int, tuple[int, int]]:
        given = ratings.c
        n_up = func.sum(case((given.thumb == "up", 1), else_=0)).label("n_up")
        counted = select(given.answer_id, n_up, func.count().label("n")).where(given.answer_id.in_(numbers))
        rows = await self._database.rows(counted.group_by(given.answer_id))
        return {row.answer_id: (int(row.n_up), int(row.n) - int(row.n_up)) for row in rows}


def _conditions(space: SpaceId, chosen: AnswerFilter, before: int | None) -> list[ColumnElement[bool]]:
    columns = answers.c
    conditions = [columns.space_id == space]
    if before is not None:
        conditions.append(columns.id < before)
    if chosen.used == PROVIDER:
        conditions.append(columns.used.not_in(WRITERS))
    elif chosen.used:
        conditions.append(columns.used == chosen.used)
    if chosen.band:
        conditions.append(columns.band == chosen.band)
    if chosen.language:
        conditions.append(columns.language == chosen.language)
    if chosen.thumb:
        given = (ratings.c.answer_id == columns.id) & (ratings.c.thumb == chosen.thumb)
        conditions.append(select(ratings.c.answer_id).where(given).exists())
    return conditions


def _listed(row: Row[Any], n_up: int, n_down: int) -> ListedAnswer:
    return ListedAnswer(
        id=row.id,
        question=row.question,
        used=row.used,
        band=row.band,
        language=row.language,
        confidence=row.confidence,
        n_up=n_up,
        n_down=n_down,
        created_at=row.created_at,
    )
