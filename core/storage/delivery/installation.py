"""What every process of one installation must agree on, as the first of them had it."""

from __future__ import annotations

from sqlalchemy import select

from core.storage.database import Database
from core.storage.schema import installation


class Installation:
    """The values that are the same in every process on one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def agreed(self, name: str, value: str) -> str:
        """Return what the first process stored under ``name``, which is ``value`` where this one is the first."""
        known = select(installation.c.value).where(installation.c.name == name)
        if (row := await self._database.row(known)) is None:
            new = self._database.sql.insert(installation).values(name=name, value=value)
            await self._database.write_all([new.on_conflict_do_nothing()])
            row = await self._database.row(known)
        return str(row.value) if row is not None else value
