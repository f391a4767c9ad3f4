"""Runs of scheduled jobs with their outcomes, the operator's requests, and the claims of the processes that run them.

A claim is one statement that passes over rows which another process is claiming (``FOR UPDATE SKIP LOCKED``, where the
database has it), so that of many processes one runs a job, and different jobs run in different ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, delete, func, insert, or_, select, update
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


MAX_SKEW = timedelta(minutes=5)
"""How far apart the clocks of two processes may be."""


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
        """Return when each job last ended, whatever the outcome; what ended in the future does not count.

        The clock was wrong then, and the job would rest until it is that late.
        """
        ended = func.max(runs.c.finished_at).label("at")
        rows = await self._database.rows(select(runs.c.job, ended).where(_ended_by_now()).group_by(runs.c.job))
        return {row.job: row.at for row in rows}

    async def latest(self) -> Mapping[str, JobRun]:
        """Return the last run of each job."""
        return await self._newest(select(func.max(runs.c.id)).group_by(runs.c.job))

    async def last_failed(self) -> Mapping[str, JobRun]:
        """Return the last run of each job that failed, of those that are kept."""
        return await self._newest(select(func.max(runs.c.id)).where(runs.c.outcome == "failed").group_by(runs.c.job))

    async def _newest(self, ids: Select[Any]) -> Mapping[str, JobRun]:
        rows = await self._database.rows(select(runs).where(runs.c.id.in_(ids)))
        return {row.job: JobRun(row.job, row.started_at, row.finished_at, row.outcome, row.detail) for row in rows}

    async def know(self, jobs: Iterable[str]) -> None:
        """Make room for requests and claims; what was cut short of jobs that no process claims gets that outcome."""
        sql = self._database.sql
        rooms = [sql.insert(job_wishes).values(job=job).on_conflict_do_nothing() for job in jobs]
        claimed = select(job_wishes.c.job).where(job_wishes.c.claimed_until > sql.moment_in(timedelta(0)))
        cut = update(runs).where(runs.c.outcome.is_(None), runs.c.job.not_in(claimed)).values(outcome="cut")
        await self._database.write_all([*rooms, cut])

    async def plugin_jobs(self) -> Mapping[str, timedelta]:
        """Return how often each job of a plugin runs."""
        table = job_wishes.c
        rows = await self._database.rows(
            select(table.job, table.every_s).where(table.every_s.is_not(None)).order_by(table.job)
        )
        return {row.job: timedelta(seconds=row.every_s) for row in rows}

    async def set_plugin_jobs(self, jobs: Mapping[str, timedelta]) -> None:
        """Record how often each job of a plugin runs; there are no others any more."""
        await self.know(jobs)
        gone = update(job_wishes).where(job_wishes.c.job.not_in(jobs)).values(every_s=None)
        there = [
            update(job_wishes).where(job_wishes.c.job == job).values(every_s=int(every.total_seconds()))
            for job, every in jobs.items()
        ]
        await self._database.write_all([gone, *there])

    async def claim(self, job: str, holder: str, lasting: timedelta, unless_ended_after: datetime | None) -> bool:
        """Claim a job for ``holder``; ``False`` when another has it, or it is not to be done any more.

        That is so when a run of it ended ``unless_ended_after`` a moment and it was not asked for; ``None``: never.
        """
        table, sql = job_wishes.c, self._database.sql
        free = or_(table.claimed_until.is_(None), table.claimed_until <= sql.moment_in(timedelta(0)))
        candidate = select(table.job).where(table.job == job, free)
        if unless_ended_after is not None:
            ended = select(runs.c.id).where(runs.c.job == job, runs.c.finished_at > unless_ended_after, _ended_by_now())
            candidate = candidate.where(or_(table.asked_at.is_not(None), ~ended.exists()))
        chosen = candidate.with_for_update(skip_locked=True).scalar_subquery()
        values = {"claimed_by": holder, "claimed_until": sql.moment_in(lasting), "asked_at": None}
        [n_rows] = await self._database.write_all([update(job_wishes).where(table.job == chosen).values(values)])
        return n_rows == 1

    async def renew(self, jobs: Sequence[str], holder: str, lasting: timedelta) -> frozenset[str]:
        """Extend the claims on jobs; return those that ``holder`` has lost."""
        until = {"claimed_until": self._database.sql.moment_in(lasting)}
        statements = [update(job_wishes).where(_is_claimed(job, holder)).values(until) for job in jobs]
        counts = await self._database.write_all(statements) if statements else []
        return frozenset(job for job, n_rows in zip(jobs, counts, strict=True) if not n_rows)

    async def release(self, job: str, holder: str) -> None:
        """Give up the claim on a job."""
        free = {"claimed_by": None, "claimed_until": None}
        await self._database.write_all([update(job_wishes).where(_is_claimed(job, holder)).values(free)])

    async def start(self, job: str) -> int:
        """Record that a claimed job starts now and return the run's id; an earlier run without an end was cut short."""
        async with self._database.write() as connection:
            unfinished = (runs.c.job == job) & runs.c.outcome.is_(None)
            await connection.execute(update(runs).where(unfinished).values(outcome="cut"))
            statement = insert(runs).values(job=job, started_at=datetime.now(UTC)).returning(runs.c.id)
            return int((await connection.execute(statement)).scalar_one())

    async def finish(self, run_id: int, outcome: RunOutcome, detail: str) -> None:
        """Record that a run ends now, with its outcome and one line of detail; one that was cut short stays so."""
        values = {"finished_at": datetime.now(UTC), "outcome": outcome, "detail": detail}
        unfinished = (runs.c.id == run_id) & runs.c.outcome.is_(None)
        async with self._database.write() as connection:
            await connection.execute(update(runs).where(unfinished).values(values))

    async def prune(self, before: datetime) -> int:
        """Delete the runs that began before then; return how many."""
        async with self._database.write() as connection:
            return (await connection.execute(delete(runs).where(runs.c.started_at < before))).rowcount

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


def _ended_by_now() -> ColumnElement[bool]:
    return runs.c.finished_at <= datetime.now(UTC) + MAX_SKEW


def _is_claimed(job: str, holder: str) -> ColumnElement[bool]:
    return (job_wishes.c.job == job) & (job_wishes.c.claimed_by == holder)


async def _ensure_request(connection: AsyncConnection, job: str) -> None:
    known = select(job_wishes.c.job).where(job_wishes.c.job == job)
    if (await connection.execute(known)).first() is None:
        await connection.execute(insert(job_wishes).values(job=job))
