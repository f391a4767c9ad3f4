"""Scheduler of recurring jobs: a tick of APScheduler starts what is due by our own record of runs.

Of several processes on one database the holder of a lease leads, and the others wait for it to run out. What was due
while AION was down runs once after the start; a job never overlaps with itself; one that was cut short is due again.
What the operator requests (run at once, pause) is read from the database, so another process can request it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from core.errors import BadInput
from core.storage.delivery.leases import Leases
from core.storage.job_runs import JobRequest, JobRuns

log = logging.getLogger(__name__)

LEASE = "scheduler"


@dataclass(frozen=True, slots=True)
class Pace:
    """Intervals of the scheduler: ``tick`` between two checks of what is due.

    Overdue jobs wait for ``settle`` after the start, while models load. A leader's lease lasts for ``lease``: after a
    leader was killed the next process takes over then. It is several ticks long, so that a busy leader keeps it.
    """

    tick: timedelta = timedelta(seconds=15)
    settle: timedelta = timedelta(minutes=1)
    lease: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Job:
    """Work to do every so often. ``work`` returns one line for the record."""

    name: str
    every: timedelta
    work: Callable[[], Awaitable[str]]


def next_run(last: datetime | None, every: timedelta, soonest: datetime) -> datetime:
    """Return when a job is due: ``every`` after its last run, and no sooner than ``soonest``."""
    return soonest if last is None else max(soonest, last + every)


class Scheduler:
    """Runs jobs while it leads, and records each run."""

    def __init__(self, runs: JobRuns, leases: Leases, jobs: Sequence[Job], pace: Pace = Pace()) -> None:
        self._runs = runs
        self._leases = leases
        self._jobs = {job.name: job for job in jobs}
        self._holder = secrets.token_hex(8)
        self._pace = pace
        self._soonest = datetime.max.replace(tzinfo=UTC)
        self._leads = False
        self._running: dict[str, asyncio.Task[None]] = {}
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Return the jobs."""
        return tuple(self._jobs.values())

    async def start(self) -> None:
        """Start ticking. Overdue jobs wait for ``Pace.settle``."""
        self._soonest = datetime.now(UTC) + self._pace.settle
        trigger = IntervalTrigger(seconds=self._pace.tick.total_seconds(), timezone=UTC)
        self._scheduler.add_job(self.tick, trigger, coalesce=True, max_instances=1, misfire_grace_time=None)
        self._scheduler.start()

    async def tick(self) -> None:
        """Start what is due if this process leads; cancel what runs if it leads no longer."""
        now = datetime.now(UTC)
        if not await self._lead(now):
            return self._cancel_all()
        finished, requests = await self._runs.last_finished(), await self._runs.requests()
        for job in self._jobs.values():
            request = requests.get(job.name, JobRequest())
            is_due = not request.is_paused and next_run(finished.get(job.name), job.every, self._soonest) <= now
            if job.name not in self._running and (is_due or request.asked_at is not None):
                self._begin(job)

    async def _lead(self, now: datetime) -> bool:
        """Take the lease or renew it; on becoming the leader, mark the runs that were cut short."""
        has_lease = await self._leases.acquire(LEASE, self._holder, now, self._pace.lease)
        if has_lease and not self._leads:
            await self._runs.mark_interrupted()
        self._leads = has_lease
        return has_lease

    def _begin(self, job: Job) -> None:
        task = asyncio.create_task(self._run(job), name=f"job {job.name}")
        self._running[job.name] = task
        task.add_done_callback(lambda _: self._running.pop(job.name, None))

    def _cancel_all(self) -> None:
        for name, task in self._running.items():
            log.warning("job %s is cancelled: another process leads now", name)
            task.cancel()

    async def run(self, name: str) -> None:
        """Run one job now, also when it is not due or is paused. Raises ``BadInput`` on an unknown one."""
        if name not in self._jobs:
            raise BadInput("jobs.unknown", job=name, jobs=", ".join(self._jobs))
        await self._lead(datetime.now(UTC))
        await self._run(self._jobs[name])

    async def stop(self) -> None:
        """Stop running jobs; those under way are due again at the next start, and another process may lead at once."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        under_way = list(self._running.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._leases.release(LEASE, self._holder)

    async def _run(self, job: Job) -> None:
        run_id = await self._runs.start(job.name)
        try:
            detail = await job.work()
        except Exception as error:  # a job's fault, whatever it is, must reach the record and the log alone
            log.exception("job %s failed", job.name)
            await self._runs.finish(run_id, "failed", f"{type(error).__name__}; see the log")
        else:
            await self._runs.finish(run_id, "done", detail)
