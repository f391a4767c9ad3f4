"""``/dashboard`` on both platforms: the link comes in private, and the platform says at every request who moderates."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
from discord_front import adapter
from discord_server import DiscordServer

from bot.adapters.discord.adapter import DiscordAdapter
from bot.adapters.telegram.adapter import TelegramAdapter
from bot.delivery.tasks import TaskSet
from bot.web.app import create_app
from bot.web.dashboard.roles import PlatformRoles
from bot.web.dashboard.router import dashboard_router
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.services.setting_schema import MODERATORS
from core.settings import Settings
from core.types import SpaceId
from plugins import load_plugins
from tests.dashboard import ADDRESS, Browser, fields_in
from tests.e2e.telegram_community import TIMING, says
from tests.e2e.telegram_server import TelegramServer
from tests.fakes import ScriptedGenerator, WordEmbedder


@asynccontextmanager
async def core_with_dashboard(folder: Path) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": folder, "AION_HEALTH_PORT": 8787})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        yield aion


@asynccontextmanager
async def running(aion: Aion, platform: DiscordAdapter | TelegramAdapter) -> AsyncIterator[Browser]:
    """Run an adapter, and give a browser of a dashboard that asks it who moderates."""
    task = asyncio.create_task(platform.run())
    name = "discord" if isinstance(platform, DiscordAdapter) else "telegram"
    app = create_app([dashboard_router(aion, PlatformRoles({name: platform}), TaskSet("dashboard"))])
    transport = httpx.ASGITransport(app)
    try:
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, follow_redirects=True) as http:
            yield Browser(http)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def sign_in(browser: Browser, told: str) -> None:
    link = re.search(rf"{ADDRESS}/dashboard(/sign-in\?token=[\w.-]+)", told)
    assert link, told
    page = await browser.get(link[1])
    assert (await browser.post("/sign-in", fields_in(page.text))).status_code == 200


async def test_on_telegram(tmp_path: Path) -> None:
    async with TelegramServer() as telegram, core_with_dashboard(tmp_path) as aion:
        ana, eva = telegram.person("Ana"), telegram.person("Eva")
        group, dm = telegram.group("Club", admins=[ana]), telegram.private(ana)
        async with running(aion, TelegramAdapter(aion.dispatch, telegram.token, telegram.url, TIMING)) as browser:
            telegram.say(group, eva, "/dashboard@aion_bot")
            await telegram.wait_for_message(says("moderators"))
            telegram.say(group, ana, "/dashboard@aion_bot")
            told = await telegram.wait_for_message(lambda m: m.chat["id"] == dm["id"])
            assert not any("token=" in text for text in telegram.texts(group))
            await sign_in(browser, told.text)
            telegram.promote(group, ana, "member")
            assert (await browser.get("/today")).status_code == 403
            telegram.promote(group, ana, "creator")
            assert (await browser.get("/today")).status_code == 200


async def test_on_discord(tmp_path: Path) -> None:
    async with DiscordServer() as discord, core_with_dashboard(tmp_path) as aion:
        ana, eva = discord.person("Ana"), discord.person("Eva")
        guild = discord.guild("Club", moderators=[ana])
        general = discord.channel(guild, "general")
        async with running(aion, adapter(aion.dispatch, discord, tmp_path)) as browser:  # type: ignore[arg-type]
            await discord.wait_for_bot(1)
            refused = await discord.wait_for_reply(discord.slash("dashboard", eva, general))
            assert "moderators" in refused.content
            told = await discord.wait_for_reply(discord.slash("dashboard", ana, general))
            assert told.is_private
            await sign_in(browser, told.content)
            await aion.stores.spaces.set_value(SpaceId(f"discord:{guild.id}"), MODERATORS, str(general.id))
            assert '<span class="tag">#general</span>' in (await browser.get("/settings")).text
            roles, guild.members[ana] = guild.members[ana], []
            assert (await browser.get("/today")).status_code == 403
            guild.members[ana] = roles
            assert (await browser.get("/today")).status_code == 200
            del guild.members[ana]  # left the server
            assert (await browser.get("/today")).status_code == 403
