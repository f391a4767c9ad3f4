"""``aion run`` without models, whose regular jobs begin at once, for tests that kill it in the middle of one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from bot import cli
from bot.operator import run
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.commands import Registry
from core.jobs.scheduler import Pace, Scheduler
from core.settings import Settings
from core.storage.job_runs import JobRuns
from tests.fakes import ScriptedGenerator, WordEmbedder

PACE = Pace(tick=timedelta(seconds=0.2), settle=timedelta(0), claim=timedelta(seconds=2))


@asynccontextmanager
async def quick(settings: Settings, registry: Registry) -> AsyncIterator[Aion]:
    """Assemble without models, and with a scheduler in a hurry."""
    async with assemble(settings, registry, embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        jobs = [job for job in aion.scheduler.jobs if job.name == "watch"]
        database = aion._stores.database
        yield replace(aion, scheduler=Scheduler(JobRuns(database), jobs, PACE))


if __name__ == "__main__":
    run.assemble = quick  # type: ignore[assignment]
    cli.main()
