"""The command line's look at the providers: a table, the same as JSON, and forgiving one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.terminal.language import speaking
from core.assembly.data_folder import open_desk
from core.services import ProviderStatus
from core.settings import read_settings
from core.texts import say

_COLUMNS = ("provider", "key", "model", "left", "resets", "state")


async def show() -> None:
    """Print a table of every provider, key and model."""
    async with open_desk(read_settings()) as desk:
        statuses = await desk.status()
    Console(highlight=False).print(_table(statuses))


async def show_as_json() -> None:
    """Print the same as one JSON list."""
    async with open_desk(read_settings()) as desk:
        statuses = await desk.status()
    print(json.dumps([_as_json(status) for status in statuses], indent=2, ensure_ascii=False))  # noqa: T201


async def reset(name: str) -> None:
    """Let a benched provider be asked again. A running AION notices within seconds."""
    async with open_desk(read_settings()) as desk:
        n_reasons = await desk.reset(name)
    Console(highlight=False).print(say(speaking(), "providers.reset", name=name, n_reasons=n_reasons))


def _table(statuses: Sequence[ProviderStatus]) -> Table:
    table = Table(*(say(speaking(), f"providers.{column}") for column in _COLUMNS))
    for status in statuses:
        lasting = [allowance for allowance in status.allowances if allowance.period != "minute"]
        left = [say(speaking(), f"providers.left_{a.kind}", left=a.left, limit=a.limit) for a in lasting]
        resets = [f"{allowance.resets_at:%m-%d %H:%M}" for allowance in lasting]
        key = f"…{status.key}" if status.key else "-"
        table.add_row(status.provider, key, status.model or "-", "\n".join(left), "\n".join(resets), _state(status))
    return table


def _state(status: ProviderStatus) -> str:
    state = say(speaking(), f"providers.state_{status.state}")
    if status.until:
        state += " " + say(speaking(), "providers.until", moment=f"{status.until:%Y-%m-%d %H:%M}")
    return f"{state}\n{status.reason}" if status.reason else state


def _as_json(status: ProviderStatus) -> dict[str, Any]:
    return {
        "provider": status.provider,
        "key": status.key,
        "model": status.model,
        "state": status.state,
        "until": status.until.isoformat() if status.until else None,
        "reason": status.reason or None,
        "limits": [
            {
                "period": allowance.period,
                "kind": allowance.kind,
                "left": allowance.left,
                "limit": allowance.limit,
                "resets_at": allowance.resets_at.isoformat(),
            }
            for allowance in status.allowances
        ],
    }
