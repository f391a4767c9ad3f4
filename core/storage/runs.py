"""The record of scheduled jobs: when each ran and how it went."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import func, insert, select, update

from core.storage.database import Database
from core.storage.schema import runs

Outcome = Literal["done", "failed"]


class Runs:
    """Every run of every job. A run without an end was cut short."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_finished(self, job: str) -> datetime | None:
        """Return when ``job`` last came to an end, however it went."""
        row = await self._database.row(select(func.max(runs.c.finished_at)).where(runs.c.job == job))
        return row[0] if row is not None else None

    async def start(self, job: str) -> int:
        """Record that ``job`` starts now and return the run's id."""
        async with self._database.write() as connection:
            statement = insert(runs).values(job=job, started_at=datetime.now(UTC)).returning(runs.c.id)
            return int((await connection.execute(statement)).scalar_one())

    async def finish(self, run_id: int, outcome: Outcome, detail: str) -> None:
        """Record that a run ends now, how it went, and one line about it."""
        values = {"finished_at": datetime.now(UTC), "outcome": outcome, "detail": detail}
        async with self._database.write() as connection:
            await connection.execute(update(runs).where(runs.c.id == run_id).values(values))
