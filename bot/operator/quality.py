"""``aion quality``: online metrics of a space from opened sources and thumbs: click-through rate, nDCG, MRR."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from rich.table import Table

from bot.terminal.open_data_folder import open_data_folder
from bot.terminal.output import TerminalConsole, print_sentence
from core.ops.quality_log import QualityLog
from core.storage.impressions import Impressions
from core.storage.quality_days import QualityDays
from core.types import SpaceId

_COLUMNS = ("n_shown", "n_opened", "n_rated", "ctr", "cr", "ndcg", "mrr")


async def print_quality(space: str) -> None:
    """Print a table of the metrics of each recorded day and of the last 30 days."""
    now, days = await _read(SpaceId(space))
    if not now["n_shown"] and not days:
        return print_sentence("served.none", space=space)
    table = Table("", *_COLUMNS)
    for day, figures in [*days.items(), ("30 d", now)]:
        table.add_row(day, *(_shown(figures[name]) for name in _COLUMNS))
    TerminalConsole(soft_wrap=True).print(table)


async def print_quality_as_json(space: str) -> None:
    """Print the same metrics as one JSON object."""
    now, days = await _read(SpaceId(space))
    TerminalConsole(soft_wrap=True).print_json(json.dumps({"space": space, "last_30_days": now, "days": days}))


async def _read(space: SpaceId) -> tuple[Mapping[str, float | None], Mapping[str, Mapping[str, float | None]]]:
    async with open_data_folder() as folder:
        log = QualityLog(Impressions(folder.database), QualityDays(folder.database), lambda: datetime.now(UTC))
        days = {day.isoformat(): figures for day, figures in (await log.days(space)).items()}
        return asdict(await log.snapshot(space)), days


def _shown(value: float | None) -> str:
    return "–" if value is None else str(value) if isinstance(value, int) else f"{value:.3f}"
