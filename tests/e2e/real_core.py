"""The real core without models, behind the adapter of either platform."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import discord_front
from discord_server import DiscordServer

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings
from plugins import load_plugins
from tests.e2e import telegram_community
from tests.e2e.telegram_server import TelegramServer
from tests.fakes import ScriptedGenerator, WordEmbedder


@asynccontextmanager
async def core_in(folder: Path) -> AsyncIterator[Aion]:
    """Assemble the core on a data folder."""
    settings = Settings.model_validate({"AION_DATA_DIR": folder})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        yield aion


@asynccontextmanager
async def on_discord(server: DiscordServer, folder: Path) -> AsyncIterator[Aion]:
    """Run the Discord adapter before the real core."""
    async with core_in(folder) as aion, discord_front.running(aion.dispatch, server, folder):  # type: ignore[arg-type]
        yield aion


@asynccontextmanager
async def on_telegram(server: TelegramServer, folder: Path) -> AsyncIterator[Aion]:
    """Run the Telegram adapter before the real core."""
    async with core_in(folder) as aion, telegram_community.running(server, aion.dispatch):  # type: ignore[arg-type]
        yield aion
