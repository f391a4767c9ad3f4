"""The command line's side of regular jobs: how each stands, and letting one run, rest or go on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.logs import log_to_file
from bot.terminal.language import speaking
from bot.terminal.open_aion import opened
from core.assembly.data_folder import open_holdings
from core.jobs.regular import EVERY
from core.jobs.status import JobBoard, JobStatus
from core.settings import read_settings
from core.storage.database import is_held
from core.storage.job_runs import JobRuns
from core.texts import say


@asynccontextmanager
async def _board() -> AsyncIterator[JobBoard]:
    """Open the jobs' record, also while AION runs."""
    settings = read_settings()
    log_to_file(settings)
    async with open_holdings(settings) as holdings:
        yield JobBoard(JobRuns(holdings.database), EVERY)


async def show() -> None:
    """Print a table of the jobs."""
    async with _board() as board:
        jobs = await board.status()
    language = speaking()
    table = Table(*(say(language, f"jobs.{column}") for column in ("job", "state", "next", "last", "detail")))
    for job in jobs:
        last = job.last
        how = say(language, f"jobs.{last.outcome or 'running'}") if last else ""
        ended = f"{_moment(last.started_at)} {how}" if last else ""
        detail = (last.detail or "") if last else ""
        table.add_row(job.name, say(language, f"jobs.{job.state}"), _moment(job.next_at), ended, detail)
    Console(highlight=False).print(table)


async def show_as_json() -> None:
    """Print the jobs as JSON."""
    async with _board() as board:
        Console().print_json(json.dumps([_as_json(job) for job in await board.status()]))


async def run(name: str) -> None:
    """Run one job now: here, or by the process that has the data folder open."""
    if is_held(read_settings().data_dir):
        async with _board() as board:
            await board.ask(name)
        return _say("jobs.was_asked", name)
    async with opened() as aion:
        with Console().status(say(speaking(), "jobs.busy", job=name)):
            await aion.scheduler.run(name)
    await show()


async def pause(name: str) -> None:
    """Let a job rest."""
    async with _board() as board:
        await board.pause(name)
    _say("jobs.was_paused", name)


async def resume(name: str) -> None:
    """Let a job run again when it is due."""
    async with _board() as board:
        await board.unpause(name)
    _say("jobs.was_resumed", name)


def _say(key: str, job: str) -> None:
    Console(highlight=False, soft_wrap=True).print(say(speaking(), key, job=job), markup=False)


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def _as_json(job: JobStatus) -> dict[str, Any]:
    last = job.last
    return {
        "name": job.name,
        "every_s": int(job.every.total_seconds()),
        "state": job.state,
        "next_at": job.next_at.isoformat() if job.next_at else None,
        "last": {
            "started_at": last.started_at.isoformat(),
            "finished_at": last.finished_at.isoformat() if last.finished_at else None,
            "outcome": last.outcome,
            "detail": last.detail,
        }
        if last
        else None,
    }
