"""``aion jobs``: prints the state of the regular jobs; runs, pauses or resumes one. Works while AION runs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from rich.table import Table

from bot.terminal.language import terminal_language
from bot.terminal.open_data_folder import open_data_folder
from bot.terminal.output import TerminalConsole, print_sentence
from core.jobs.regular import EVERY
from core.jobs.status import JobBoard, JobStatus
from core.settings import read_settings
from core.storage.database import is_locked
from core.storage.job_runs import JobRun, JobRuns
from core.texts import say


@asynccontextmanager
async def _open_board() -> AsyncIterator[JobBoard]:
    async with open_data_folder() as folder:
        yield JobBoard(JobRuns(folder.database), EVERY)


async def print_jobs() -> None:
    """Print a table of the jobs: state, next run, last run and its outcome."""
    async with _open_board() as board:
        jobs = await board.status()
    language = terminal_language()
    table = Table(
        *(say(language, f"jobs.{column}") for column in ("job", "state", "next", "last", "detail", "failure"))
    )
    for job in jobs:
        last = job.last
        how = say(language, f"jobs.{last.outcome or 'running'}") if last else ""
        ended = f"{_moment(last.started_at)} {how}" if last else ""
        detail = (last.detail or "") if last else ""
        failed = _moment(job.failed.started_at) if job.failed else ""
        table.add_row(job.name, say(language, f"jobs.{job.state}"), _moment(job.next_at), ended, detail, failed)
    TerminalConsole().print(table)


async def print_jobs_as_json() -> None:
    """Print the jobs as a JSON list."""
    async with _open_board() as board:
        TerminalConsole().print_json(json.dumps([_as_json(job) for job in await board.status()]))


async def run_job(name: str) -> None:
    """Run one job now, in the process that holds the data folder. Raises ``BadInput`` when there is no such job."""
    if is_locked(read_settings().data_dir):
        async with _open_board() as board:
            await board.ask(name)
        return print_sentence("jobs.was_asked", job=name)

    from bot.terminal.open_aion import open_aion  # the whole core; a list of jobs needs none of it

    async with open_aion() as aion:
        with TerminalConsole().status(say(terminal_language(), "jobs.busy", job=name)):
            await aion.scheduler.run(name)
    await print_jobs()


async def pause_job(name: str) -> None:
    """Skip a job's runs until it is resumed. Raises ``BadInput`` when there is no such job."""
    async with _open_board() as board:
        await board.pause(name)
    print_sentence("jobs.was_paused", job=name)


async def resume_job(name: str) -> None:
    """Let a paused job run when it is due. Raises ``BadInput`` when there is no such job."""
    async with _open_board() as board:
        await board.unpause(name)
    print_sentence("jobs.was_resumed", job=name)


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def _as_json(job: JobStatus) -> dict[str, Any]:
    return {
        "name": job.name,
        "every_s": int(job.every.total_seconds()),
        "state": job.state,
        "next_at": job.next_at.isoformat() if job.next_at else None,
        "last": _run_as_json(job.last) if job.last else None,
        "last_failure": _run_as_json(job.failed) if job.failed else None,
    }


def _run_as_json(run: JobRun) -> dict[str, Any]:
    return {
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "outcome": run.outcome,
        "detail": run.detail,
    }
