"""``aion providers``: prints quotas and state of every provider, key and model; resets one that is benched."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from bot.terminal.language import terminal_language
from bot.terminal.open_data_folder import open_data_folder
from bot.terminal.output import TerminalConsole, print_sentence
from core.assembly.data_folder_status import provider_status
from core.services import ProviderStatus
from core.texts import say

_COLUMNS = ("provider", "key", "model", "left", "resets", "state")


async def print_providers() -> None:
    """Print a table of every provider, key and model."""
    async with open_data_folder() as folder:
        statuses = await (await provider_status(folder)).status()
    TerminalConsole().print(_table(statuses))


async def print_providers_as_json() -> None:
    """Print a JSON list, one entry for each provider, key and model."""
    async with open_data_folder() as folder:
        statuses = await (await provider_status(folder)).status()
    print(json.dumps([_as_json(status) for status in statuses], indent=2, ensure_ascii=False))  # noqa: T201


async def reset_provider(name: str) -> None:
    """Unbench the provider ``name``; a running AION follows within seconds. Raises ``BadInput`` when there is none."""
    async with open_data_folder() as folder:
        n_reasons = await (await provider_status(folder)).reset(name)
    print_sentence("providers.reset", name=name, n_reasons=n_reasons)


def _table(statuses: Sequence[ProviderStatus]) -> Table:
    table = Table(*(say(terminal_language(), f"providers.{column}") for column in _COLUMNS))
    for status in statuses:
        lasting = [allowance for allowance in status.allowances if allowance.period != "minute"]
        left = [say(terminal_language(), f"providers.left_{a.kind}", left=a.left, limit=a.limit) for a in lasting]
        resets = [f"{allowance.resets_at:%m-%d %H:%M}" for allowance in lasting]
        key = f"…{status.key}" if status.key else "-"
        table.add_row(status.provider, key, status.model or "-", "\n".join(left), "\n".join(resets), _state(status))
    return table


def _state(status: ProviderStatus) -> str:
    state = say(terminal_language(), f"providers.state_{status.state}")
    if status.until:
        state += " " + say(terminal_language(), "providers.until", moment=f"{status.until:%Y-%m-%d %H:%M}")
    trains = "" if status.trains == "no" else say(terminal_language(), f"providers.trains_{status.trains}")
    return "\n".join(filter(None, (state, status.reason, trains)))


def _as_json(status: ProviderStatus) -> dict[str, Any]:
    return {
        "provider": status.provider,
        "key": status.key,
        "model": status.model,
        "state": status.state,
        "until": status.until.isoformat() if status.until else None,
        "reason": status.reason or None,
        "trains": status.trains,
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
