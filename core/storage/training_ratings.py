"""Rated answers with each person's vote, as training reads them, and when each person was first seen.

Methods that return texts read one space. People are pseudonyms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, union_all

from core.storage.answers import AnswerRecord, read_answer
from core.storage.curation.consents import SOURCE as SAID
from core.storage.database import Database
from core.storage.schema import answers, document_names, genuine_brigades, passages, ratings
from core.types import SpaceId, Thumb

HANDOFF = "handoff-"
"""How the source hash of a document begins that a question and a moderator's reply were made into."""

_PERMALINK = "https://discord.com/channels/"
_MAX_IDS = 500


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's current thumb on one answer, set at ``at``; ``asker`` asked the question."""

    answer_id: int
    person: str
    thumb: Thumb
    at: datetime
    asker: str


@dataclass(frozen=True, slots=True)
class RatedAnswer:
    """An answer and its votes, oldest first."""

    answer: AnswerRecord
    votes: tuple[Vote, ...]


@dataclass(frozen=True, slots=True)
class RatingTally:
    """How many answers were given, and how many 👍 and 👎 they have."""

    n_answers: int
    n_up: int
    n_down: int


class RatedAnswers:
    """The rated answers of every space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, space: SpaceId) -> Sequence[RatedAnswer]:
        """Return every answer of the space that was rated, oldest first."""
        rated = select(ratings.c.answer_id).distinct()
        chosen = select(answers).where(answers.c.space_id == space, answers.c.id.in_(rated)).order_by(answers.c.id)
        thumbs = (
            select(ratings.c.answer_id, ratings.c.person, ratings.c.thumb, ratings.c.updated_at, answers.c.asker)
            .join_from(ratings, answers)
            .where(answers.c.space_id == space)
            .order_by(ratings.c.updated_at, ratings.c.person)
        )
        votes: defaultdict[int, list[Vote]] = defaultdict(list)
        async with self._database.read() as connection:
            for row in await connection.execute(thumbs):
                votes[row.answer_id].append(Vote(row.answer_id, row.person, row.thumb, row.updated_at, row.asker))
            records = [read_answer(row) for row in await connection.execute(chosen)]
        return [RatedAnswer(record, tuple(votes[record.id])) for record in records]

    async def from_documents(self, passage_ids: Collection[int]) -> frozenset[int]:
        """Return those of some passages that are there and whose document was not taught from messages."""
        names = document_names.c
        from_messages = select(names.document_id).where(
            or_(
                names.source_hash.startswith(SAID),
                names.source_hash.startswith(HANDOFF),
                names.name.startswith(_PERMALINK),
            )
        )
        found: set[int] = set()
        for some in _batches(sorted(passage_ids)):
            chosen = passages.c.id.in_(some) & passages.c.document_id.not_in(from_messages)
            found.update(row.id for row in await self._database.rows(select(passages.c.id).where(chosen)))
        return frozenset(found)

    async def first_seen(self) -> Mapping[str, datetime]:
        """Return when each person first asked or rated anything, in any space."""
        asked = select(answers.c.asker.label("person"), answers.c.created_at.label("at"))
        seen = union_all(asked, select(ratings.c.person, ratings.c.created_at)).subquery()
        first = select(seen.c.person, func.min(seen.c.at).label("at")).group_by(seen.c.person)
        return {row.person: row.at for row in await self._database.rows(first)}

    async def genuine_brigades(self, space: SpaceId) -> frozenset[str]:
        """Return the keys of the space's vote brigades that a moderator found to be genuine people."""
        chosen = select(genuine_brigades.c.key).where(genuine_brigades.c.space_id == space)
        return frozenset(row.key for row in await self._database.rows(chosen))

    async def count_since(self, since: datetime | None) -> int:
        """Return how many ratings were given or changed after ``since``; ``None`` counts all."""
        counted = select(func.count().label("n")).select_from(ratings)
        row = await self._database.row(counted.where(ratings.c.updated_at > since) if since else counted)
        return int(row.n) if row is not None else 0

    async def tally(self, lora_version: str | None, since: datetime) -> RatingTally:
        """Return the counts of local answers after ``since`` by a LoRA version; ``None``: by the base model."""
        version = answers.c.lora_version
        written = (version == lora_version if lora_version else version.is_(None)) & (answers.c.used == "local")
        written &= answers.c.created_at > since
        given = await self._database.row(select(func.count().label("n")).select_from(answers).where(written))
        grouped = select(ratings.c.thumb, func.count().label("n")).join_from(ratings, answers).where(written)
        thumbs = {row.thumb: int(row.n) for row in await self._database.rows(grouped.group_by(ratings.c.thumb))}
        return RatingTally(int(given.n) if given else 0, thumbs.get("up", 0), thumbs.get("down", 0))


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield ids in batches of as many as one statement takes well."""
    return (ids[first : first + _MAX_IDS] for first in range(0, len(ids), _MAX_IDS))
