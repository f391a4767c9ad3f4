"""``aion quality``: how well a space is served, by what its people do with the answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from bot.terminal.language import speaking
from core.errors import Unavailable
from core.ops.quality_log import QualityLog
from core.settings import read_settings
from core.storage.database import Database
from core.storage.impressions import Impressions
from core.texts import say
from core.types import SpaceId

_COLUMNS = ("n_shown", "n_opened", "n_rated", "ctr", "cr", "ndcg", "mrr")


async def show(space: str) -> None:
    """Print the figures of the last 30 days, and what was kept of each day, as a table."""
    now, days = await _read(SpaceId(space))
    console = Console(highlight=False, soft_wrap=True)
    if not now["n_shown"] and not days:
        console.print(say(speaking(), "served.none", space=space))
        return
    table = Table("", *_COLUMNS)
    for day, figures in [*days.items(), ("30 d", now)]:
        table.add_row(day, *(_shown(figures[name]) for name in _COLUMNS))
    console.print(table)


async def show_as_json(space: str) -> None:
    """Print the same as JSON."""
    now, days = await _read(SpaceId(space))
    Console(soft_wrap=True).print_json(json.dumps({"space": space, "last_30_days": now, "days": days}))


async def _read(space: SpaceId) -> tuple[Mapping[str, float | None], Mapping[str, Mapping[str, float | None]]]:
    async with _opened() as log:
        days = {day.isoformat(): figures for day, figures in (await log.days(space)).items()}
        return asdict(await log.snapshot(space)), days


@asynccontextmanager
async def _opened() -> AsyncIterator[QualityLog]:
    """Open the data folder, also while another process is running on it."""
    async with opened_database() as database:
        yield QualityLog(Impressions(database), lambda: datetime.now(UTC))


@asynccontextmanager
async def opened_database() -> AsyncIterator[Database]:
    """Open the settings' database for a look, also while another process holds it."""
    folder = read_settings().data_dir
    try:
        database = await Database.open(folder)
    except Unavailable as error:
        if error.key != "storage.in_use":
            raise
        database = await Database.join(folder)
    async with database:
        yield database


def _shown(value: float | None) -> str:
    return "–" if value is None else str(value) if isinstance(value, int) else f"{value:.3f}"
