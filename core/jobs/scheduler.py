"""Scheduler of recurring jobs: a tick of APScheduler starts what is due by our own record of runs.

Of several processes on one database one claims each job that is due, and renews its claim while it runs. What was due
while AION was down runs once after the start; a job never overlaps with itself; one that was cut short is due again.
What the operator requests (run at once, pause) is read from the database, so another process can request it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.job import Job as ScheduledJob
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from core.errors import BadInput, PluginFailed, Unavailable
from core.storage.database import DATABASE_FAILURES
from core.storage.job_runs import JobRequest, JobRuns

log = logging.getLogger(__name__)

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Pace:
    """Intervals of the scheduler: ``tick`` between two checks of what is due.

    Overdue jobs wait for ``settle`` after the start, while models load. A claim lasts for ``claim`` after its last
    renewal: the job of a process that was killed is free then. It is several ticks long, so that a busy one keeps it.
    """

    tick: timedelta = timedelta(seconds=15)
    settle: timedelta = timedelta(minutes=1)
    claim: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Job:
    """Work to do every so often. ``work`` returns one line for the record.

    ``PluginFailed`` holds one for a run that failed.
    """

    name: str
    every: timedelta
    work: Callable[[], Awaitable[str]]


def next_run(last: datetime | None, every: timedelta, soonest: datetime) -> datetime:
    """Return when a job is due: ``every`` after its last run, and no sooner than ``soonest``."""
    return soonest if last is None else max(soonest, last + every)


class Scheduler:
    """Runs the jobs that it claims, and records each run; ``more`` returns those that come and go, of plugins."""

    def __init__(
        self,
        runs: JobRuns,
        jobs: Sequence[Job],
        pace: Pace = Pace(),
        more: Callable[[], Sequence[Job]] = tuple,
    ) -> None:
        self._runs = runs
        self._jobs = {job.name: job for job in jobs}
        self.more = more
        self._come_and_go: dict[str, timedelta] | None = None
        self._holder = secrets.token_hex(8)
        self._pace = pace
        self._settled_at_s = float("inf")
        self._running: dict[str, asyncio.Task[None]] = {}
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._keeping_time: asyncio.Task[None] | None = None

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Return the jobs."""
        return tuple(self._jobs.values())

    async def start(self) -> None:
        """Start ticking. Overdue jobs wait for ``Pace.settle``."""
        await self._runs.know(self._jobs)
        self._settled_at_s = time.monotonic() + self._pace.settle.total_seconds()
        trigger = IntervalTrigger(seconds=self._pace.tick.total_seconds(), timezone=UTC)
        ticking = self._scheduler.add_job(
            self._try_to_tick, trigger, coalesce=True, max_instances=1, misfire_grace_time=None
        )
        self._scheduler.start()
        self._keeping_time = asyncio.create_task(self._keep_time(ticking), name="time of jobs")

    async def _keep_time(self, ticking: ScheduledJob) -> None:
        """Have the next tick come in time where the wall clock, by which APScheduler waits, was set back."""
        while True:
            await asyncio.sleep(self._pace.tick.total_seconds())
            now = datetime.now(UTC)
            if ticking.next_run_time > now + 2 * self._pace.tick:
                ticking.modify(next_run_time=now)

    async def _try_to_tick(self) -> None:
        try:
            await self.tick()
        except DATABASE_FAILURES as error:
            log.warning("jobs wait, as the database cannot be used: %s", error)

    async def tick(self) -> None:
        """Start what is due and no other process runs; cancel what another one has claimed since."""
        now = datetime.now(UTC)
        soonest = now if time.monotonic() >= self._settled_at_s else datetime.max.replace(tzinfo=UTC)
        for name in await self._runs.renew(list(self._running), self._holder, self._pace.claim):
            self._cancel(name)
        finished, requests = await self._runs.last_finished(), await self._runs.requests()
        come_and_go = {job.name: job for job in self.more()}
        if (intervals := {name: job.every for name, job in come_and_go.items()}) != self._come_and_go:
            await self._runs.set_plugin_jobs(intervals)
            self._come_and_go = intervals
        for job in (*self._jobs.values(), *come_and_go.values()):
            request = requests.get(job.name, JobRequest())
            is_due = not request.is_paused and next_run(finished.get(job.name), job.every, soonest) <= now
            if job.name in self._running or not (is_due or request.asked_at is not None):
                continue
            if await self._claim(job.name, finished.get(job.name, _EVER)):
                self._begin(job)

    async def _claim(self, name: str, unless_ended_after: datetime | None) -> bool:
        return await self._runs.claim(name, self._holder, self._pace.claim, unless_ended_after)

    def _begin(self, job: Job) -> None:
        task = asyncio.create_task(self._run_in_background(job), name=f"job {job.name}")
        self._running[job.name] = task
        task.add_done_callback(lambda _: self._running.pop(job.name, None))

    def _cancel(self, name: str) -> None:
        if name in self._running:
            log.warning("job %s is cancelled: another process runs it now", name)
            self._running[name].cancel()

    async def run(self, name: str) -> None:
        """Run one job now, also when it is not due or is paused.

        Raises ``BadInput`` on an unknown one, ``Unavailable`` while another process runs it.
        """
        jobs = {**self._jobs, **{job.name: job for job in self.more()}}
        if name not in jobs:
            raise BadInput("jobs.unknown", job=name, jobs=", ".join(jobs))
        await self._runs.know(jobs)
        if not await self._claim(name, None):
            raise Unavailable("jobs.elsewhere", job=name)
        await self._run(jobs[name])

    async def stop(self) -> None:
        """Stop running jobs; those under way are due again at once, in whichever process."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        under_way = list(self._running.values())
        if self._keeping_time is not None:
            under_way.append(self._keeping_time)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _run_in_background(self, job: Job) -> None:
        try:
            await self._run(job)
        except DATABASE_FAILURES as error:
            log.error("job %s: its end is not recorded, so that it is due again: %s", job.name, error)

    async def _run(self, job: Job) -> None:
        try:
            await self._run_claimed(job)
        finally:
            await self._runs.release(job.name, self._holder)

    async def _run_claimed(self, job: Job) -> None:
        run_id = await self._runs.start(job.name)
        try:
            detail = await job.work()
        except PluginFailed as error:  # in the log with its cause already
            await self._runs.finish(run_id, "failed", str(error))
        except Exception as error:  # a job's fault, whatever it is, must reach the record and the log alone
            log.exception("job %s failed", job.name)
            await self._runs.finish(run_id, "failed", f"{type(error).__name__}; see the log")
        else:
            await self._runs.finish(run_id, "done", detail)
