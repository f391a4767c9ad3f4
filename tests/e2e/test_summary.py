"""``/summary`` on real clients: Discord's history is read for the caller alone, Telegram's was watched."""

from __future__ import annotations

from pathlib import Path

from discord_server import DiscordServer

from tests.e2e.real_core import on_discord, on_telegram
from tests.e2e.telegram_community import says
from tests.e2e.telegram_server import TelegramServer

DECIDED = "We decided to move the archive to the attic of the library."


async def test_on_discord_the_caller_alone_sees_it_with_links(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        eva, rui = discord.person("Eva"), discord.person("Rui")
        guild = discord.guild("Club", moderators=[eva])
        general = discord.channel(guild, "general")
        guild.members |= {rui: []}
        old = discord.say(general, eva, "We agreed on green curtains for the kitchen.", ago_s=90_000)
        decided = discord.say(general, eva, DECIDED, ago_s=600)
        async with on_discord(discord, tmp_path):
            reply = await discord.wait_for_reply(discord.slash("summary", rui, general, since="hour"))
            assert reply.is_private
            assert DECIDED in reply.content and f"/{decided.id}>" in reply.content
            assert f"/{old.id}>" not in reply.content
            day = await discord.wait_for_reply(discord.slash("summary", eva, general, since="2d"))
            assert "green curtains" in day.content


async def test_on_telegram_a_watched_group_is_summed_up_and_another_says_why_not(tmp_path: Path) -> None:
    async with TelegramServer(reads_all_group_messages=True) as telegram:
        ana, rui = telegram.person("Ana"), telegram.person("Rui")
        group = telegram.group("Club", admins=[ana])
        async with on_telegram(telegram, tmp_path) as aion:
            telegram.say(group, rui, "/summary@aion_bot")
            await telegram.wait_for_message(says("/watch channel"))
            telegram.say(group, ana, "/watch@aion_bot channel")
            await telegram.wait_for_message(says("from now on I propose"))
            telegram.say(group, ana, DECIDED)
            channels = aion.services.channels
            [watch] = await channels.watching("telegram")
            while await channels.store.count(watch) < 1:
                await telegram.wait_for_quiet()
            telegram.say(group, ana, "/summary@aion_bot hour")
            await telegram.wait_for_message(says("Decided", DECIDED))
