"""People whose replies a space trusts, named one by one. Roles are a setting (``core.services.setting_schema``)."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update

from core.services import TrustedPerson
from core.storage.database import Database
from core.storage.schema import trusted_people
from core.storage.spaces import ensure_space
from core.types import SpaceId


class TrustedPeople:
    """The trusted people of every space, by pseudonym and the name that moderators know them by."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, space: SpaceId) -> tuple[TrustedPerson, ...]:
        """Return the trusted people of a space, in the order they were added."""
        ours = select(trusted_people).where(trusted_people.c.space_id == space).order_by(trusted_people.c.id)
        return tuple(TrustedPerson(row.id, row.name) for row in await self._database.rows(ours))

    async def includes(self, space: SpaceId, person: str) -> bool:
        """Tell whether a person (a pseudonym) was named in a space."""
        theirs = (trusted_people.c.space_id == space) & (trusted_people.c.person == person)
        return await self._database.row(select(trusted_people.c.id).where(theirs)) is not None

    async def add(self, space: SpaceId, person: str, name: str) -> None:
        """Trust a person (a pseudonym) under a name; one who is trusted gets the new name."""
        theirs = (trusted_people.c.space_id == space) & (trusted_people.c.person == person)
        async with self._database.write() as connection:
            await ensure_space(connection, space)
            if not (await connection.execute(update(trusted_people).where(theirs).values(name=name))).rowcount:
                await connection.execute(insert(trusted_people).values(space_id=space, person=person, name=name))

    async def remove(self, space: SpaceId, number: int) -> TrustedPerson | None:
        """Trust the person of this number no longer, and return them; ``None`` where there is none."""
        return await self._remove(space, number=number)

    async def remove_person(self, space: SpaceId, person: str) -> TrustedPerson | None:
        """Trust a person (a pseudonym) no longer, and return them; ``None`` where they were not trusted."""
        return await self._remove(space, person=person)

    async def _remove(self, space: SpaceId, *, number: int | None = None, person: str = "") -> TrustedPerson | None:
        which = trusted_people.c.person == person if number is None else trusted_people.c.id == number
        statement = delete(trusted_people).where(trusted_people.c.space_id == space, which).returning(trusted_people)
        async with self._database.write() as connection:
            row = (await connection.execute(statement)).first()
        return TrustedPerson(row.id, row.name) if row is not None else None
