"""Runs of scheduled jobs with their outcomes, and the operator's requests: pause, or run at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.storage.database import Database
from core.storage.schema import job_wishes, runs

RunOutcome = Literal["done", "failed", "cut"]
"""``cut``: its process ended before the job did."""


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of a job; ``outcome`` is ``None`` while it is running."""

    job: str
    started_at: datetime
    finished_at: datetime | None
    outcome: RunOutcome | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class JobRequest:
    """The operator's request about a job: paused, or, since ``asked_at``, to run at once."""

    is_paused: bool = False
    asked_at: datetime | None = None


class JobRuns:
    """The runs of every job, and the requests about them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_finished(self) -> Mapping[str, datetime]:
        """Return when each job last ended, whatever the outcome."""
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
        """Record that ``job`` starts now and return the run's id; a request to run at once is fulfilled by it."""
        async with self._database.write() as connection:
            await connection.execute(update(job_wishes).where(job_wishes.c.job == job).values(asked_at=None))
            statement = insert(runs).values(job=job, started_at=datetime.now(UTC)).returning(runs.c.id)
            return int((await connection.execute(statement)).scalar_one())

    async def finish(self, run_id: int, outcome: RunOutcome, detail: str) -> None:
        """Record that a run ends now, with its outcome and one line of detail."""
        values = {"finished_at": datetime.now(UTC), "outcome": outcome, "detail": detail}
        async with self._database.write() as connection:
            await connection.execute(update(runs).where(runs.c.id == run_id).values(values))

    async def prune(self, before: datetime) -> int:
        """Delete the runs that began before then; return how many."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(runs).where(runs.c.started_at < before))).rowcount

    async def mark_interrupted(self) -> None:
        """Set the outcome of all unfinished runs to ``cut``. For a process that has just acquired the lease."""
        async with self._database.write() as connection:
            await connection.execute(update(runs).where(runs.c.outcome.is_(None)).values(outcome="cut"))

    async def requests(self) -> Mapping[str, JobRequest]:
        """Return the request about each job that has one."""
        rows = await self._database.rows(select(job_wishes))
        return {row.job: JobRequest(bool(row.is_paused), row.asked_at) for row in rows}

    async def request_run(self, job: str) -> None:
        """Request that a job runs at once."""
        await self._set_request(job, {"asked_at": datetime.now(UTC)})

    async def pause(self, job: str) -> None:
        """Request that a job does not run until ``resume``."""
        await self._set_request(job, {"is_paused": 1})

    async def resume(self, job: str) -> None:
        """Take back ``pause``."""
        await self._set_request(job, {"is_paused": 0})

    async def _set_request(self, job: str, values: Mapping[str, object]) -> None:
        async with self._database.write() as connection:
            await _ensure_request(connection, job)
            await connection.execute(update(job_wishes).where(job_wishes.c.job == job).values(values))


async def _ensure_request(connection: AsyncConnection, job: str) -> None:
    known = select(job_wishes.c.job).where(job_wishes.c.job == job)
    if (await connection.execute(known)).first() is None:
        await connection.execute(insert(job_wishes).values(job=job))
