"""Status of the jobs and the operator's requests to them, also from another process than the one that runs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from core.errors import BadInput
from core.jobs.scheduler import next_run
from core.storage.job_runs import JobRequest, JobRun, JobRuns


@dataclass(frozen=True, slots=True)
class JobStatus:
    """Status of a job. ``next_at`` is ``None`` for one that is paused or running."""

    name: str
    every: timedelta
    state: Literal["waiting", "running", "paused"]
    next_at: datetime | None
    last: JobRun | None


@dataclass(frozen=True, slots=True)
class JobBoard:
    """The jobs, each with how often it runs."""

    runs: JobRuns
    every: Mapping[str, timedelta]

    async def status(self) -> tuple[JobStatus, ...]:
        """Return the status of every job."""
        finished, requests, latest = (
            await self.runs.last_finished(),
            await self.runs.requests(),
            await self.runs.latest(),
        )
        now = datetime.now(UTC)
        return tuple(
            _status(name, every, finished.get(name), requests.get(name, JobRequest()), latest.get(name), now)
            for name, every in self.every.items()
        )

    async def ask(self, name: str) -> None:
        """Let whichever process leads run a job at once. Raises ``BadInput`` on an unknown one."""
        await self.runs.request_run(self._known(name))

    async def pause(self, name: str) -> None:
        """Pause a job. Raises ``BadInput`` on an unknown one."""
        await self.runs.pause(self._known(name))

    async def unpause(self, name: str) -> None:
        """Unpause a job: it runs again when it is due. Raises ``BadInput`` on an unknown one."""
        await self.runs.resume(self._known(name))

    def _known(self, name: str) -> str:
        if name not in self.every:
            raise BadInput("jobs.unknown", job=name, jobs=", ".join(self.every))
        return name


def _status(
    name: str, every: timedelta, finished: datetime | None, request: JobRequest, last: JobRun | None, now: datetime
) -> JobStatus:
    if last is not None and last.outcome is None:
        return JobStatus(name, every, "running", None, last)
    if request.asked_at is not None:
        return JobStatus(name, every, "waiting", now, last)
    if request.is_paused:
        return JobStatus(name, every, "paused", None, last)
    return JobStatus(name, every, "waiting", next_run(finished, every, now), last)
