"""Recurring jobs: APScheduler with its store in memory, and the last runs in our own table.

A job that was due while AION was down runs once after the start. A job never overlaps with itself.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from core.storage.runs import Runs

log = logging.getLogger(__name__)

GRACE_S = 3600
"""How late a run may start before it is skipped; APScheduler's own second loses runs behind any busy moment."""

SETTLE = timedelta(minutes=1)
"""What an overdue job waits after the start, so that it does not compete with the models being loaded."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work to do every so often. ``work`` returns one line for the record."""

    name: str
    every: timedelta
    work: Callable[[], Awaitable[str]]


def next_run(last: datetime | None, every: timedelta, now: datetime) -> datetime:
    """Return when a job is due: ``every`` after its last run, and no sooner than ``SETTLE`` from ``now``."""
    soonest = now + SETTLE
    return soonest if last is None else max(soonest, last + every)


class Scheduler:
    """Runs jobs until it is stopped, and records each run."""

    def __init__(self, runs: Runs, jobs: Sequence[Job]) -> None:
        self._runs = runs
        self._jobs = jobs
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    async def start(self) -> None:
        """Plan every job from its last recorded run."""
        now = datetime.now(UTC)
        for job in self._jobs:
            due = next_run(await self._runs.last_finished(job.name), job.every, now)
            self._scheduler.add_job(
                self.run,
                IntervalTrigger(seconds=int(job.every.total_seconds()), start_date=due, timezone=UTC),
                args=(job,),
                id=job.name,
                replace_existing=True,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=GRACE_S,
            )
        self._scheduler.start()

    async def run(self, job: Job) -> None:
        """Run one job now and record how it went; a failure is logged and does not stop the next run."""
        run_id = await self._runs.start(job.name)
        try:
            detail = await job.work()
        except Exception:  # a job's fault, whatever it is, must reach the record and the log alone
            log.exception("job %s failed", job.name)
            await self._runs.finish(run_id, "failed", "see the log")
        else:
            await self._runs.finish(run_id, "done", detail)

    def stop(self) -> None:
        """Stop planning runs."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
