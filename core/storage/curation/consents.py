"""Consents: whether a person's messages may become documents of a space, and texts waiting for consent.

A decision covers everything a person says in that community, and can be changed; a text waits in the space it was
taught in, and becomes a document of that one. People are pseudonyms.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from core.storage.database import Database
from core.storage.document_writes import NewDocument
from core.storage.schema import consents, teachings
from core.storage.spaces import ensure_space, in_community
from core.types import SpaceId, community_of

KIND = "markdown"
"""The kind of documents made of messages."""

SOURCE = "said"
"""Their ``source_hash``: there are no source bytes that could change."""

REPLIED = f"{SOURCE}:reply"
"""The ``source_hash`` of documents made of a moderator's reply to a declined answer."""


@dataclass(frozen=True, slots=True)
class PendingTeaching:
    """A text that waits for its authors' consent; ``taught_by`` is the moderator who taught it."""

    id: int
    space: SpaceId
    new: NewDocument
    taught_by: str


class Consents:
    """The decisions of every space's members, and the texts that wait for them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def decisions(self, space: SpaceId, people: Collection[str]) -> Mapping[str, bool]:
        """Return each person's decision; those who have not decided are left out."""
        ours = (consents.c.space_id == community_of(space)) & consents.c.person.in_(people)
        return {row.person: bool(row.is_given) for row in await self._database.rows(select(consents).where(ours))}

    async def decide(self, space: SpaceId, person: str, *, is_given: bool) -> None:
        """Store a person's decision. Consent takes them off waiting texts; a refusal deletes those texts. Atomic."""
        space = community_of(space)
        this = (consents.c.space_id == space) & (consents.c.person == person)
        values = {"is_given": int(is_given), "decided_at": datetime.now(UTC)}
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            if (await connection.execute(update(consents).where(this).values(values))).rowcount == 0:
                await connection.execute(insert(consents).values(space_id=space, person=person, **values))
            rows = (await connection.execute(select(teachings).where(in_community(teachings.c.space_id, space)))).all()
            for row in (row for row in rows if person in row.awaiting):
                others = [other for other in row.awaiting if other != person]
                this_one = teachings.c.id == row.id
                if is_given:
                    await connection.execute(update(teachings).where(this_one).values(awaiting=others))
                else:
                    await connection.execute(delete(teachings).where(this_one))

    async def hold(self, space: SpaceId, new: NewDocument, awaiting: Collection[str], taught_by: str) -> bool:
        """Store a text until everyone in ``awaiting`` consents, in place of an earlier one of its name.

        ``False`` when the same text waits already.
        """
        named = (teachings.c.space_id == space) & (teachings.c.name == new.name)
        same = (teachings.c.space_id == space) & (teachings.c.content_hash == new.content_hash)
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            if (await connection.execute(select(teachings.c.id).where(same))).first() is not None:
                return False
            values: dict[str, Any] = {"name": new.name, "title": new.title, "language": new.language, "text": new.text}
            values |= {"content_hash": new.content_hash, "source_hash": new.source_hash, "taught_by": taught_by}
            values |= {"said_at": new.said_at}
            await connection.execute(delete(teachings).where(named))
            await connection.execute(
                insert(teachings).values(
                    space_id=space, awaiting=sorted(awaiting), created_at=datetime.now(UTC), **values
                )
            )
            return True

    async def agreed(self, space: SpaceId, source: str = SOURCE) -> tuple[PendingTeaching, ...]:
        """Return the texts of a source that wait for nobody any more in a community, of any audience, oldest first."""
        ours = in_community(teachings.c.space_id, space) & (teachings.c.source_hash == source)
        rows = await self._database.rows(select(teachings).where(ours).order_by(teachings.c.id))
        return tuple(_teaching(row) for row in rows if not row.awaiting)

    async def named(self, space: SpaceId, name: str) -> PendingTeaching | None:
        """Return the text of a name that waits for consent, if there is one."""
        this = (teachings.c.space_id == space) & (teachings.c.name == name)
        row = await self._database.row(select(teachings).where(this))
        return _teaching(row) if row is not None else None

    async def replace(self, teaching: PendingTeaching, new: NewDocument) -> None:
        """Replace the words of a waiting text."""
        values = {"title": new.title, "language": new.language, "text": new.text, "content_hash": new.content_hash}
        async with self._database.write() as connection:
            await connection.execute(update(teachings).where(teachings.c.id == teaching.id).values(values))

    async def drop(self, space: SpaceId, name: str) -> None:
        """Delete the text of a name that waits for consent."""
        this = (teachings.c.space_id == space) & (teachings.c.name == name)
        async with self._database.write() as connection:
            await connection.execute(delete(teachings).where(this))

    async def remove(self, teaching: PendingTeaching) -> None:
        """Delete a waiting text."""
        async with self._database.write() as connection:
            await connection.execute(delete(teachings).where(teachings.c.id == teaching.id))


def _teaching(row: Row[Any]) -> PendingTeaching:
    new = NewDocument(row.name, row.source_hash, row.title, KIND, row.language, row.text, row.said_at)
    return PendingTeaching(row.id, row.space_id, new, row.taught_by)
