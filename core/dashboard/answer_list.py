"""The answers that a moderator may read, as they look through them: newest first, page by page, filtered.

The filters read the indexes of answers, ratings and cited documents alone, so that a page of a large space is quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, select, union_all

from core.storage.answers import AnswerRecord, Answers
from core.storage.database import Database
from core.storage.schema import answer_documents, answers, ratings
from core.types import Scope

WRITERS: tuple[str, ...] = ("local", "extract", "closest", "abstained", "silent", "cache", "talk")
"""What ``used`` may be of an answer; anything else names a provider."""

PROVIDER = "provider"
"""In a filter: any provider."""


@dataclass(frozen=True, slots=True)
class AnswerFilter:
    """Which answers to list; empty fields let every answer through.

    ``thumb``: somebody gave it. ``sources`` selects the ids of documents, one of which the answer cites.
    """

    used: str = ""
    band: str = ""
    language: str = ""
    thumb: str = ""
    sources: Select[tuple[int]] | None = None


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
    """Lists the answers of any scope."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answers = Answers(database)

    async def page(
        self, scope: Scope, chosen: AnswerFilter, before: int | None, limit: int
    ) -> tuple[ListedAnswer, ...]:
        """Return the ``limit`` newest answers that a filter lets through, of those before the number ``before``."""
        columns = answers.c
        shown = (columns.id, columns.question, columns.used, columns.band, columns.language, columns.confidence)
        conditions = _conditions(chosen, before)
        # Space by space, since an index has the answers of one space in their order.
        newest = [
            select(columns.id).where(columns.space_id == space, *conditions).order_by(columns.id.desc()).limit(limit)
            for space in scope.community
        ]
        ids = union_all(*(select(each.subquery().c.id) for each in newest))
        page = select(*shown, columns.created_at).where(columns.id.in_(ids)).order_by(columns.id.desc())
        rows = await self._database.rows(page.limit(limit))
        counts = await self._thumbs([row.id for row in rows])
        return tuple(_listed(row, *counts.get(row.id, (0, 0))) for row in rows)

    async def get(self, scope: Scope, number: int) -> tuple[AnswerRecord, int, int] | None:
        """Return an answer with its numbers of 👍 and 👎; ``None`` when none of that number may be read."""
        record = await self._answers.find(scope, number)
        if record is None:
            return None
        return (record, *(await self._thumbs([number])).get(number, (0, 0)))

    async def _thumbs(self, numbers: list[int]) -> dict[int, tuple[int, int]]:
        given = ratings.c
        n_up = func.sum(case((given.thumb == "up", 1), else_=0)).label("n_up")
        counted = select(given.answer_id, n_up, func.count().label("n")).where(given.answer_id.in_(numbers))
        rows = await self._database.rows(counted.group_by(given.answer_id))
        return {row.answer_id: (int(row.n_up), int(row.n) - int(row.n_up)) for row in rows}


def _conditions(chosen: AnswerFilter, before: int | None) -> list[ColumnElement[bool]]:
    columns = answers.c
    conditions: list[ColumnElement[bool]] = []
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
    if chosen.sources is not None:
        citing = select(answer_documents.c.answer_id).where(answer_documents.c.document_id.in_(chosen.sources))
        conditions.append(columns.id.in_(citing))
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
