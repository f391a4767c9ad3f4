"""The record of scheduled jobs: when each ran and how it went; and what the operator wishes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.database import Database
from core.storage.schema import job_wishes, runs

Outcome = Literal["done", "failed", "cut"]
"""``cut``: its process was killed or stopped meanwhile."""


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of a job. Without an outcome it goes on."""

    job: str
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What the operator wishes of a job: that it rests, or that it runs at once."""

    is_paused: bool = False
    asked_at: datetime | None = None


class JobRuns:
    """Every run of every job, and the wishes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_finished(self) -> Mapping[str, datetime]:
        """Return when each job last came to an end, however it went."""
        ended = func.max(runs.c.finished_at).label("at")
        rows = await self._database.rows(
            select(runs.c.job, ended).where(runs.c.finished_at.is_not(None)).group_by(runs.c.job)
        )
        return {row.job: row.at for row in rows}

    async def latest(self) -> Mapping[str, JobRun]:
        """Return the last run of each job."""
        newest = select(func.max(runs.c.id)).group_by(runs.c.job)
        rows = await self._database.rows(select(runs).where(runs.c.id.in_(newest)))
        return {row.job: JobRun(row.job, row.started_at, row.finished_at, row.outcome, row.detail) for row in rows}

    async def start(self, job: str) -> int:
        """Record that ``job`` starts now and return the run's id; a wish that it runs at once is fulfilled."""
        async with self._database.write() as connection:
            await connection.execute(update(job_wishes).where(job_wishes.c.job == job).values(asked_at=None))
            statement = insert(runs).values(job=job, started_at=datetime.now(UTC)).returning(runs.c.id)
            return int((await connection.execute(statement)).scalar_one())

    async def finish(self, run_id: int, outcome: Outcome, detail: str) -> None:
        """Record that a run ends now, how it went, and one line about it."""
        values = {"finished_at": datetime.now(UTC), "outcome": outcome, "detail": detail}
        async with self._database.write() as connection:
            await connection.execute(update(runs).where(runs.c.id == run_id).values(values))

    async def prune(self, before: datetime) -> int:
        """Forget the runs that began before then, and return how many there were."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(runs).where(runs.c.started_at < before))).rowcount

    async def mark_cut(self) -> None:
        """Record of every run without an end that it was cut short; whoever begins to lead knows."""
        async with self._database.write() as connection:
            await connection.execute(update(runs).where(runs.c.outcome.is_(None)).values(outcome="cut"))

    async def wishes(self) -> Mapping[str, JobRequest]:
        """Return what is wished of which job."""
        rows = await self._database.rows(select(job_wishes))
        return {row.job: JobRequest(bool(row.is_paused), row.asked_at) for row in rows}

    async def ask(self, job: str) -> None:
        """Wish that a job runs at once."""
        await self._wish(job, {"asked_at": datetime.now(UTC)})

    async def pause(self, job: str) -> None:
        """Wish that a job rests."""
        await self._wish(job, {"is_paused": 1})

    async def unpause(self, job: str) -> None:
        """Wish that a job rests no longer."""
        await self._wish(job, {"is_paused": 0})

    async def _wish(self, job: str, values: Mapping[str, object]) -> None:
        async with self._database.write() as connection:
            await _ensure(connection, job)
            await connection.execute(update(job_wishes).where(job_wishes.c.job == job).values(values))


async def _ensure(connection: AsyncConnection, job: str) -> None:
    known = select(job_wishes.c.job).where(job_wishes.c.job == job)
    if (await connection.execute(known)).first() is None:
        await connection.execute(insert(job_wishes).values(job=job))
