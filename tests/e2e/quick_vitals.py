"""``aion run`` without models and without the platforms' budgets, which writes down how it is, for long runs.

``vitals.json`` in its data folder holds how many tasks, threads and descriptors it has, and its resident memory in MB.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from bot import cli
from bot.adapters.discord import rate_limits as discord_limits
from bot.adapters.telegram import rate_limits as telegram_limits
from bot.delivery.rate_limit import WriteLimit
from bot.operator import run
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.atomic_file import write_atomically
from core.commands import Registry
from core.settings import Settings
from tests.fakes import ScriptedGenerator, WordEmbedder

FILE = "vitals.json"
EVERY_S = 0.25


async def write_vitals(folder: Path) -> None:
    """Write them down every ``EVERY_S``, until cancelled."""
    process = psutil.Process()
    while True:
        vitals = {
            "tasks": len(asyncio.all_tasks()),
            "threads": threading.active_count(),
            "descriptors": process.num_fds(),
            "mb": process.memory_info().rss / 1e6,
        }
        write_atomically(folder / FILE, json.dumps(vitals).encode())
        await asyncio.sleep(EVERY_S)


@asynccontextmanager
async def watched(settings: Settings, registry: Registry) -> AsyncIterator[Aion]:
    """Assemble without models."""
    async with assemble(settings, registry, embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        writing = asyncio.create_task(write_vitals(settings.data_dir))
        yield aion
        writing.cancel()


if __name__ == "__main__":
    free = WriteLimit(1_000_000, 1.0, 1)
    telegram_limits.OVERALL = telegram_limits.PRIVATE_CHAT = free
    discord_limits.OVERALL = discord_limits.CHANNEL = free
    run.assemble = watched  # type: ignore[assignment]  # fewer options
    cli.main()
