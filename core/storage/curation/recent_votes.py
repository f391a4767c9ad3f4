"""The latest votes of a space for its moderators: read to find vote brigades, withdrawn, or found to be genuine."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, select, union_all

from core.storage.database import Database
from core.storage.schema import answers, genuine_brigades, ratings
from core.storage.spaces import ensure_space
from core.storage.training_ratings import Vote
from core.types import SpaceId, Thumb


class RecentVotes:
    """The latest votes of every space. People are pseudonyms."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, space: SpaceId, since: datetime) -> Sequence[Vote]:
        """Return the votes on the answers that a space was given after ``since``."""
        columns, given = answers.c, ratings.c
        voted = (
            select(given.answer_id, given.person, given.thumb, given.updated_at, columns.asker)
            .join_from(answers, ratings, given.answer_id == columns.id)
            .where(columns.space_id == space, columns.created_at > since)
        )
        rows = await self._database.rows(voted)
        return [Vote(row.answer_id, row.person, row.thumb, row.updated_at, row.asker) for row in rows]

    async def first_seen(self, people: Collection[str]) -> Mapping[str, datetime]:
        """Return when each of these people first asked or rated anything, in any space."""
        asked = select(answers.c.asker.label("person"), func.min(answers.c.created_at).label("at"))
        rated = select(ratings.c.person, func.min(ratings.c.created_at).label("at"))
        seen = union_all(
            asked.where(answers.c.asker.in_(people)).group_by(answers.c.asker),
            rated.where(ratings.c.person.in_(people)).group_by(ratings.c.person),
        ).subquery()
        first = select(seen.c.person, func.min(seen.c.at).label("at")).group_by(seen.c.person)
        return {row.person: row.at for row in await self._database.rows(first)}

    async def withdraw(
        self, space: SpaceId, people: Collection[str], thumb: Thumb, between: tuple[datetime, datetime]
    ) -> int:
        """Delete the votes of these people with this thumb in a stretch of time; return how many. Atomic."""
        ours = select(answers.c.id).where(answers.c.space_id == space).scalar_subquery()
        given = ratings.c
        theirs = given.person.in_(people) & (given.thumb == thumb) & given.updated_at.between(*between)
        (n_withdrawn,) = await self._database.write_all([delete(ratings).where(theirs, given.answer_id.in_(ours))])
        return n_withdrawn

    async def mark_genuine(self, space: SpaceId, key: str) -> None:
        """Store that a vote brigade, by its key, consists of genuine people: nobody is asked of it again."""
        known = select(genuine_brigades.c.key).where(
            genuine_brigades.c.space_id == space, genuine_brigades.c.key == key
        )
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            if (await connection.execute(known)).first() is None:
                values = {"space_id": space, "key": key, "decided_at": datetime.now(UTC)}
                await connection.execute(insert(genuine_brigades).values(values))
