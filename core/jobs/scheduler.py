"""Recurring jobs: one tick of APScheduler looks at what is due, by our own record of runs.

Of several processes on one database the holder of a lease leads, and the others wait for it to run out. What was due
while AION was down runs once after the start; a job never overlaps with itself; one that was cut short is due again.
What the operator wishes (run at once, rest) is read from the database, so another process can wish it.
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
from core.storage.job_runs import JobRequest, JobRuns
from core.storage.leases import Leases

log = logging.getLogger(__name__)

LEASE = "scheduler"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often it is looked at what is due (``tick``).

    What is overdue waits at the start, while models are loaded (``settle``). After its leader was killed the next
    process takes over when the ``lease`` ran out: several ticks, so that a busy leader keeps it.
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
        """Look at what is due from now on; what is overdue waits until AION has settled."""
        self._soonest = datetime.now(UTC) + self._pace.settle
        trigger = IntervalTrigger(seconds=self._pace.tick.total_seconds(), timezone=UTC)
        self._scheduler.add_job(self.tick, trigger, coalesce=True, max_instances=1, misfire_grace_time=None)
        self._scheduler.start()

    async def tick(self) -> None:
        """Start what is due, if this process leads; give up what runs, if it leads no longer."""
        now = datetime.now(UTC)
        if not await self._lead(now):
            return self._give_up()
        finished, wishes = await self._runs.last_finished(), await self._runs.requests()
        for job in self._jobs.values():
            wish = wishes.get(job.name, JobRequest())
            is_due = not wish.is_paused and next_run(finished.get(job.name), job.every, self._soonest) <= now
            if job.name not in self._running and (is_due or wish.asked_at is not None):
                self._begin(job)

    async def _lead(self, now: datetime) -> bool:
        """Take the lease or keep it; whoever begins to lead knows that no earlier run goes on."""
        has_lease = await self._leases.acquire(LEASE, self._holder, now, self._pace.lease)
        if has_lease and not self._leads:
            await self._runs.mark_interrupted()
        self._leads = has_lease
        return has_lease

    def _begin(self, job: Job) -> None:
        task = asyncio.create_task(self._run(job), name=f"job {job.name}")
        self._running[job.name] = task
        task.add_done_callback(lambda _: self._running.pop(job.name, None))

    def _give_up(self) -> None:
        for name, task in self._running.items():
            log.warning("job %s is given up: another process leads now", name)
            task.cancel()

    async def run(self, name: str) -> None:
        """Run one job now, whether it is due or rests. Raises ``BadInput`` on an unknown one."""
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
