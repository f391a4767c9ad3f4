"""Gaps: clusters of questions that were not answered well, as of the last gathering.

Every method but ``spaces`` and ``first`` reads and writes one space. Of people only the number is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, case, delete, func, insert, or_, select, update

from core.storage.database import Database
from core.storage.schema import answers, gaps, ratings
from core.types import Gap, GapStatus, Language, Scope, SpaceId, Vector


@dataclass(frozen=True, slots=True)
class UnansweredQuestion:
    """A question without a good answer, as it was searched for; ``person`` is a pseudonym of who asked it.

    ``answer_id`` is of what was answered, in ``conversation``.
    """

    question: str
    language: Language
    person: str
    asked_at: datetime
    answer_id: int
    conversation: str


@dataclass(frozen=True, slots=True)
class NewGap:
    """A gap to be stored: ``question`` is nearest to ``vector``, the centre of all its questions, shape ``(dim,)``."""

    question: str
    language: Language
    examples: tuple[str, ...]
    n_questions: int
    n_people: int
    vector: Vector
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class DecidedGap:
    """The centre of a gap that was researched or dismissed; questions asked before ``decided_at`` are closed."""

    vector: Vector
    decided_at: datetime


class Gaps:
    """The gaps of every space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spaces(self, since: datetime) -> tuple[SpaceId, ...]:
        """Return the spaces where anything was asked since then. For the nightly job."""
        asked = select(answers.c.space_id).where(answers.c.created_at >= since).distinct().order_by(answers.c.space_id)
        return tuple(SpaceId(row.space_id) for row in await self._database.rows(asked))

    async def unanswered(self, space: SpaceId, since: datetime, limit: int) -> tuple[UnansweredQuestion, ...]:
        """Return the last ``limit`` questions that were declined, not answered from the space's texts, or disliked."""
        votes = (
            select(ratings.c.answer_id, func.sum(case((ratings.c.thumb == "up", 1), else_=-1)).label("sum"))
            .group_by(ratings.c.answer_id)
            .subquery()
        )
        searched = func.coalesce(answers.c.searched, answers.c.question).label("text")
        statement = (
            select(
                searched,
                answers.c.language,
                answers.c.asker,
                answers.c.created_at,
                answers.c.id,
                answers.c.conversation,
            )
            .outerjoin(votes, votes.c.answer_id == answers.c.id)
            .where(
                answers.c.space_id == space,
                answers.c.created_at >= since,
                or_(answers.c.used.in_(("abstained", "silent")), answers.c.band != "local", votes.c.sum < 0),
                func.coalesce(votes.c.sum, 0) <= 0,
            )
            .order_by(answers.c.id.desc())
            .limit(limit)
        )
        rows = await self._database.rows(statement)
        return tuple(
            UnansweredQuestion(row.text, row.language, row.asker, row.created_at, row.id, row.conversation)
            for row in rows
        )

    async def decided(self, space: SpaceId) -> tuple[DecidedGap, ...]:
        """Return the gaps of a space that are open no more."""
        done = (gaps.c.space_id == space) & (gaps.c.status != "open")
        rows = await self._database.rows(select(gaps.c.vector, gaps.c.decided_at).where(done))
        return tuple(DecidedGap(row.vector, row.decided_at) for row in rows)

    async def replace(self, space: SpaceId, found: Sequence[NewGap]) -> None:
        """Replace the space's open gaps. Atomic."""
        rows = [
            {
                "space_id": space,
                "question": gap.question,
                "language": gap.language,
                "examples": list(gap.examples),
                "n_questions": gap.n_questions,
                "n_people": gap.n_people,
                "vector": gap.vector,
                "asked_at": gap.asked_at,
                "status": "open",
            }
            for gap in found
        ]
        async with self._database.write() as connection:
            await connection.execute(delete(gaps).where(gaps.c.space_id == space, gaps.c.status == "open"))
            if rows:
                await connection.execute(insert(gaps), rows)

    async def open(self, space: SpaceId, limit: int) -> tuple[Gap, ...]:
        """Return the space's open gaps, by descending number of people, questions, and time."""
        return await self._open(gaps.c.space_id == space, limit)

    async def first(self, scope: Scope, limit: int) -> tuple[Gap, ...]:
        """Return the open gaps that may be read in ``scope``, ordered as ``open`` does."""
        return await self._open(gaps.c.space_id.in_(scope.community), limit)

    async def _open(self, where: ColumnElement[bool], limit: int) -> tuple[Gap, ...]:
        waiting = select(gaps).where(where, gaps.c.status == "open")
        ranked = waiting.order_by(gaps.c.n_people.desc(), gaps.c.n_questions.desc(), gaps.c.asked_at.desc())
        return tuple(_gap(row) for row in await self._database.rows(ranked.limit(limit)))

    async def get(self, space: SpaceId, gap_id: int) -> Gap | None:
        """Return a gap of the space, if there is one of that id."""
        row = await self._database.row(select(gaps).where(gaps.c.space_id == space, gaps.c.id == gap_id))
        return _gap(row) if row is not None else None

    async def vector(self, space: SpaceId, gap_id: int) -> Vector | None:
        """Return the centre of a gap of the space, shape ``(dim,)``, if there is one of that id."""
        row = await self._database.row(select(gaps.c.vector).where(gaps.c.space_id == space, gaps.c.id == gap_id))
        return row.vector if row is not None else None

    async def count_decided(self, space: SpaceId, status: GapStatus, since: datetime) -> int:
        """Return how many gaps of the space were decided so since then."""
        chosen = (gaps.c.space_id == space) & (gaps.c.status == status) & (gaps.c.decided_at >= since)
        row = await self._database.row(select(func.count().label("n")).select_from(gaps).where(chosen))
        return int(row.n) if row is not None else 0

    async def decide(self, space: SpaceId, gap_id: int, status: GapStatus) -> None:
        """Set a gap's status to researched, resolved or dismissed."""
        this = (gaps.c.space_id == space) & (gaps.c.id == gap_id)
        async with self._database.write() as connection:
            await connection.execute(update(gaps).where(this).values(status=status, decided_at=datetime.now(UTC)))


def _gap(row: Row[Any]) -> Gap:
    return Gap(
        id=row.id,
        question=row.question,
        language=row.language,
        examples=tuple(row.examples),
        n_questions=row.n_questions,
        n_people=row.n_people,
        asked_at=row.asked_at,
        status=row.status,
    )
