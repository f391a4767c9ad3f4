"""Status of the jobs and the operator's requests to them, also from another process than the one that runs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from core.errors import BadInput
from core.jobs.scheduler import next_run
from core.storage.job_runs import JobRequest, JobRun, JobRuns

JobState = Literal["waiting", "running", "paused"]


@dataclass(frozen=True, slots=True)
class JobStatus:
    """Status of a job. ``next_at`` is ``None`` for one that is paused or running; ``failed`` is its last failure."""

    name: str
    every: timedelta
    state: JobState
    next_at: datetime | None
    last: JobRun | None
    failed: JobRun | None


@dataclass(frozen=True, slots=True)
class JobBoard:
    """The jobs, each with how often it runs: ``every``, and what plugins register."""

    runs: JobRuns
    every: Mapping[str, timedelta]

    async def status(self) -> tuple[JobStatus, ...]:
        """Return the status of every job."""
        finished, requests = await self.runs.last_finished(), await self.runs.requests()
        latest, failed = await self.runs.latest(), await self.runs.last_failed()
        now, jobs = datetime.now(UTC), await self._jobs()

        def status(name: str, every: timedelta) -> JobStatus:
            request, last = requests.get(name, JobRequest()), latest.get(name)
            state, next_at = _state(every, finished.get(name), request, last, now)
            return JobStatus(name, every, state, next_at, last, failed.get(name))

        return tuple(status(name, every) for name, every in jobs.items())

    async def ask(self, name: str) -> None:
        """Let whichever process leads run a job at once. Raises ``BadInput`` on an unknown one."""
        await self.runs.request_run(await self._known(name))

    async def pause(self, name: str) -> None:
        """Pause a job. Raises ``BadInput`` on an unknown one."""
        await self.runs.pause(await self._known(name))

    async def unpause(self, name: str) -> None:
        """Unpause a job: it runs again when it is due. Raises ``BadInput`` on an unknown one."""
        await self.runs.resume(await self._known(name))

    async def _known(self, name: str) -> str:
        jobs = await self._jobs()
        if name not in jobs:
            raise BadInput("jobs.unknown", job=name, jobs=", ".join(jobs))
        return name

    async def _jobs(self) -> Mapping[str, timedelta]:
        return {**await self.runs.plugin_jobs(), **self.every}


def _state(
    every: timedelta, finished: datetime | None, request: JobRequest, last: JobRun | None, now: datetime
) -> tuple[JobState, datetime | None]:
    """Return a job's state and when it runs next."""
    if last is not None and last.outcome is None:
        return "running", None
    if request.asked_at is not None:
        return "waiting", now
    if request.is_paused:
        return "paused", None
    return "waiting", next_run(finished, every, now)
