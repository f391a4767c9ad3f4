"""What people said that moderators want learned, until its authors agree; and what each person decided about that.

People appear as pseudonyms. A decision is per space, holds for all that a person says there, and can be changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select, update

from core.storage.database import Database
from core.storage.document_writes import NewDocument
from core.storage.schema import consents, teachings
from core.storage.spaces import ensure_space
from core.types import SpaceId

KIND = "markdown"
SOURCE = "said"


@dataclass(frozen=True, slots=True)
class PendingTeaching:
    """A text that waits for authors. ``taught_by`` is the moderator who wants it learned."""

    id: int
    new: NewDocument
    taught_by: str


class PendingTeachings:
    """What waits for the consent of its authors in each space, and the consents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def decided(self, space: SpaceId, people: Collection[str]) -> Mapping[str, bool]:
        """Return who of these agreed to be learned from, and who did not; those who were never asked are left out."""
        ours = (consents.c.space_id == space) & consents.c.person.in_(people)
        return {row.person: bool(row.is_given) for row in await self._database.rows(select(consents).where(ours))}

    async def decide(self, space: SpaceId, person: str, *, is_given: bool) -> None:
        """Record what a person decided; where they decline, what waits for them is forgotten. Atomic."""
        this = (consents.c.space_id == space) & (consents.c.person == person)
        values = {"is_given": int(is_given), "decided_at": datetime.now(UTC)}
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            if (await connection.execute(update(consents).where(this).values(values))).rowcount == 0:
                await connection.execute(insert(consents).values(space_id=space, person=person, **values))
            rows = (await connection.execute(select(teachings).where(teachings.c.space_id == space))).all()
            for row in (row for row in rows if person in row.awaiting):
                others = [other for other in row.awaiting if other != person]
                this_one = teachings.c.id == row.id
                if is_given:
                    await connection.execute(update(teachings).where(this_one).values(awaiting=others))
                else:
                    await connection.execute(delete(teachings).where(this_one))

    async def add(self, space: SpaceId, new: NewDocument, awaiting: Collection[str], taught_by: str) -> bool:
        """Let a text wait for its authors; ``False`` when it waits already."""
        same = (teachings.c.space_id == space) & (teachings.c.content_hash == new.content_hash)
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            if (await connection.execute(select(teachings.c.id).where(same))).first() is not None:
                return False
            values = {"name": new.name, "title": new.title, "language": new.language, "text": new.text}
            values |= {"content_hash": new.content_hash, "taught_by": taught_by}
            await connection.execute(
                insert(teachings).values(
                    space_id=space, awaiting=sorted(awaiting), created_at=datetime.now(UTC), **values
                )
            )
            return True

    async def agreed(self, space: SpaceId) -> tuple[PendingTeaching, ...]:
        """Return the texts to which all their authors have agreed."""
        ours = select(teachings).where(teachings.c.space_id == space).order_by(teachings.c.id)
        return tuple(
            PendingTeaching(
                row.id, NewDocument(row.name, SOURCE, row.title, KIND, row.language, row.text), row.taught_by
            )
            for row in await self._database.rows(ours)
            if not row.awaiting
        )

    async def close(self, teaching: PendingTeaching) -> None:
        """Forget a text that has been dealt with."""
        async with self._database.write() as connection:
            await connection.execute(delete(teachings).where(teachings.c.id == teaching.id))
