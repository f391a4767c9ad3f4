"""``aion doctor``: prints every diagnosis, in the order settings, platforms, machine, each with its fix."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator

import httpx
from rich.text import Text

from bot.operator.doctor.diagnosis import Diagnosis, Level
from bot.operator.doctor.discord import DiscordCheckup
from bot.operator.doctor.http_api import reading
from bot.operator.doctor.machine import machine_findings
from bot.operator.doctor.telegram import TelegramCheckup
from bot.terminal.language import terminal_language
from bot.terminal.output import TerminalConsole
from core.assembly.data_folder import join_data_folder
from core.commands import Registry
from core.errors import Unavailable, UserError
from core.offload import offload
from core.settings import Settings, read_settings
from core.storage.database import is_locked
from core.texts import say
from core.types import Language
from plugins import load_plugins

SKEW_S = 60.0
"""Clock skew in seconds from which daily quotas and expiring tokens go wrong."""

_MARKS: dict[Level, tuple[str, str]] = {
    "ok": ("✔", "green"),
    "note": ("·", "cyan"),
    "warning": ("!", "yellow"),
    "error": ("✘", "red"),
}


async def print_findings() -> None:
    """Print each diagnosis as it is made; exit with status 1 when one is an error."""
    language, console = terminal_language(), TerminalConsole()
    n_errors = 0
    async for finding in findings():
        n_errors += finding.level == "error"
        console.print(_line(finding, language))
    console.print()
    console.print(say(language, "doctor.ill" if n_errors else "doctor.well", n_errors=n_errors))
    _exit(n_errors)


async def print_findings_as_json() -> None:
    """Print all diagnoses as one JSON object; exit with status 1 when one is an error."""
    language = terminal_language()
    found = [finding async for finding in findings()]
    n_errors = sum(finding.level == "error" for finding in found)
    rows = [
        {"level": each.level, "check": each.key, "finding": each.sentence(language), "mend": each.fix(language) or None}
        for each in found
    ]
    print(json.dumps({"healthy": not n_errors, "findings": rows}, indent=2, ensure_ascii=False))  # noqa: T201 (the command's output)
    _exit(n_errors)


async def findings() -> AsyncIterator[Diagnosis]:
    """Yield every diagnosis in order. Changes nothing, except that a missing data folder is created."""
    try:
        settings = read_settings()
    except Unavailable as error:
        yield Diagnosis.of(error)
        return
    is_running = await offload(is_locked, settings.data_dir)
    if settings.discord_token is None and settings.telegram_token is None:
        yield Diagnosis("error", "no_platform")
    async with httpx.AsyncClient(trust_env=True) as client:
        async for finding in _platforms(client, settings, load_plugins(), is_running=is_running):
            yield finding
    try:
        async with join_data_folder(settings) as data_folder:
            async for finding in machine_findings(settings, data_folder):
                yield finding
    except UserError as error:
        yield Diagnosis.of(error)


async def _platforms(
    client: httpx.AsyncClient, settings: Settings, registry: Registry, *, is_running: bool
) -> AsyncIterator[Diagnosis]:
    skews: list[float | None] = []
    if settings.discord_token is not None:
        token = settings.discord_token.get_secret_value().strip()
        discord = DiscordCheckup(client, token, settings.discord_api_base, settings.discord_gateway_url)
        names = [command.name for command in registry]
        async for finding in _until_failure("Discord", discord.findings(names)):
            yield finding
        skews.append(discord.skew_s)
    if settings.telegram_token is not None:
        token = settings.telegram_token.get_secret_value().strip()
        telegram = TelegramCheckup(client, token, settings.telegram_api_base)
        async for finding in _until_failure("Telegram", telegram.findings(webhook=None, is_running=is_running)):
            yield finding
        skews.append(telegram.skew_s)
    skew_s = max((skew_s for skew_s in skews if skew_s is not None), key=abs, default=0.0)
    if abs(skew_s) > SKEW_S:
        yield Diagnosis("warning", "clock_skew", {"skew_s": round(skew_s)})


async def _until_failure(platform: str, found: AsyncIterator[Diagnosis]) -> AsyncIterator[Diagnosis]:
    """Yield diagnoses; an ``Unavailable`` raised between them, or a reply that cannot be read, becomes the last one."""
    try:
        with reading(platform):
            async for finding in found:
                yield finding
    except Unavailable as error:
        yield Diagnosis.of(error)


def _line(finding: Diagnosis, language: Language) -> Text:
    mark, colour = _MARKS[finding.level]
    line = Text.assemble((mark, colour), " ", finding.sentence(language))
    if fix := finding.fix(language):
        line.append(f"\n  → {fix}")
    return line


def _exit(n_errors: int) -> None:
    if n_errors:
        sys.exit(1)
