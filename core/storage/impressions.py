"""Impressions: answers as they were shown, with the ratings and source openings they got.

Every method but ``spaces``, ``latest`` and ``daily`` reads and writes one space. People are pseudonyms
(``core.privacy.pseudonyms``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, distinct, func, insert, select

from core.errors import BadInput
from core.services.stats import CommunityStats, DayFigures
from core.storage.database import Database
from core.storage.schema import answers, ratings, source_openings
from core.types import Language, Scope, SpaceId, Thumb


@dataclass(frozen=True, slots=True)
class RatedImpression:
    """One rated answer: ``net_rating`` is (👍 − 👎) / ratings, -1..1; ``features`` are the gate's."""

    searched: str
    used: str
    has_sources: bool
    features: Mapping[str, float]
    net_rating: float


@dataclass(frozen=True, slots=True)
class Impression:
    """One answer as shown: its passages, best first; those it cites; thumbs by person; who opened its sources."""

    passages: tuple[int, ...]
    cited: frozenset[int]
    thumbs: Mapping[str, Thumb]
    openers: frozenset[str]


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """The text that a question was answered with; ``used`` as in ``core.types.Answer``."""

    space: SpaceId
    question: str
    language: Language
    text: str
    used: str


_NONE = (0, 0, 0)
"""The outcomes of a day without a question."""


class Impressions:
    """The shown answers of every space, and how people reacted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open_sources(self, space: SpaceId, answer_id: int, person: str) -> None:
        """Record that a person opened an answer's sources; repeated calls record it once.

        Raises ``BadInput`` when the answer was not given in the space.
        """
        owned = (answers.c.space_id == space) & (answers.c.id == answer_id)
        opened = source_openings.c
        async with self._database.write() as connection:
            if (await connection.execute(select(answers.c.id).where(owned))).first() is None:
                raise BadInput("storage.elsewhere")
            theirs = select(opened.answer_id).where(opened.answer_id == answer_id, opened.person == person)
            if (await connection.execute(theirs)).first() is None:
                values = {"answer_id": answer_id, "person": person, "opened_at": datetime.now(UTC)}
                await connection.execute(insert(source_openings).values(values))

    async def rated(self, space: SpaceId) -> Sequence[RatedImpression]:
        """Return every rated answer of the space, oldest first."""
        columns = answers.c
        held = [columns.searched, columns.question, columns.used, columns.sources, columns.features]
        rows = await self._database.rows(
            select(columns.id, ratings.c.thumb, *held)
            .join(ratings, ratings.c.answer_id == columns.id)
            .where(columns.space_id == space)
            .order_by(columns.id)
        )
        by_answer: dict[int, list[Row[Any]]] = {}
        for row in rows:
            by_answer.setdefault(row.id, []).append(row)
        return [_rated(each) for each in by_answer.values()]

    async def shown(self, space: SpaceId, since: datetime, until: datetime) -> Sequence[Impression]:
        """Return the answers with sources shown in ``[since, until)``, oldest first."""
        columns = answers.c
        chosen = (columns.space_id == space) & (columns.created_at >= since) & (columns.created_at < until)
        chosen &= columns.used != "silent"
        held = select(columns.id, columns.passages, columns.sources).where(chosen).order_by(columns.id)
        rated = select(columns.id, ratings.c.person, ratings.c.thumb).join_from(answers, ratings).where(chosen)
        openings = select(columns.id, source_openings.c.person).join_from(answers, source_openings).where(chosen)
        thumbs: defaultdict[int, dict[str, Thumb]] = defaultdict(dict)
        openers: defaultdict[int, set[str]] = defaultdict(set)
        async with self._database.read() as connection:
            rows = (await connection.execute(held)).all()
            for rating in await connection.execute(rated):
                thumbs[rating.id][rating.person] = rating.thumb
            for opening in await connection.execute(openings):
                openers[opening.id].add(opening.person)
        return [
            Impression(
                passages=tuple(passage["id"] for passage in row.passages),
                cited=frozenset(source["passage_id"] for source in row.sources),
                thumbs=thumbs[row.id],
                openers=frozenset(openers[row.id]),
            )
            for row in rows
            if row.sources
        ]

    async def daily(self, scope: Scope, days: Sequence[date]) -> CommunityStats:
        """Return the figures of each of these days (UTC, consecutive, oldest first), those without a question too.

        Small talk is left out, and questions to nobody that got no answer.
        """
        columns, thumb = answers.c, ratings.c.thumb
        first = datetime.combine(days[0], time(), UTC)
        chosen = (
            columns.space_id.in_(scope.community)
            & (columns.created_at >= first)
            & columns.used.not_in(("talk", "silent"))
        )
        day = self._database.sql.utc_day(columns.created_at).label("day")
        n_closest, n_declined = _n(columns.used == "closest"), _n(columns.used == "abstained")
        asked = select(day, func.count() - n_closest - n_declined, n_closest, n_declined).where(chosen).group_by(day)
        rated = select(day, _n(thumb == "up"), _n(thumb == "down")).join_from(answers, ratings).where(chosen)
        people = select(func.count(distinct(columns.asker))).where(chosen)

        def read(connection: Connection) -> CommunityStats:
            outcomes = {str(on): counts for on, *counts in connection.execute(asked)}
            thumbs = {str(on): counts for on, *counts in connection.execute(rated.group_by(day))}
            keys = {each: each.isoformat() for each in days}
            figures = [DayFigures(each, *outcomes.get(key, _NONE), *thumbs.get(key, ())) for each, key in keys.items()]
            return CommunityStats(tuple(figures), connection.execute(people).scalar_one())

        return await self._database.snapshot(read)

    async def latest(self, limit: int) -> Sequence[GivenAnswer]:
        """Return the answers given last to different questions that passages were found for, newest first.

        Of all spaces, for the operator.
        """
        columns = answers.c
        newest = func.max(columns.id).label("id")
        chosen = columns.used.not_in(("talk", "silent", "cache")) & (func.json_array_length(columns.passages) > 0)
        asked = select(newest).where(chosen).group_by(columns.space_id, columns.question).order_by(newest.desc())
        rows = await self._database.rows(
            select(columns.space_id, columns.question, columns.language, columns.text, columns.used)
            .where(columns.id.in_(asked.limit(limit)))
            .order_by(columns.id.desc())
        )
        return [GivenAnswer(SpaceId(row.space_id), row.question, row.language, row.text, row.used) for row in rows]

    async def spaces(self) -> Sequence[SpaceId]:
        """Return every space that has an answer, by id. For the operator's jobs."""
        given = select(answers.c.space_id).distinct().order_by(answers.c.space_id)
        return [SpaceId(row.space_id) for row in await self._database.rows(given)]


def _n(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Return the number of rows for which a condition holds."""
    return func.sum(case((condition, 1), else_=0))


def _rated(rows: Sequence[Row[Any]]) -> RatedImpression:
    first, votes = rows[0], [1 if row.thumb == "up" else -1 for row in rows]
    return RatedImpression(
        searched=first.searched or first.question,
        used=first.used,
        has_sources=bool(first.sources),
        features=first.features,
        net_rating=sum(votes) / len(votes),
    )
