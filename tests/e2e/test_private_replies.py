"""What is for one person alone never appears where others read: it is kept until they open a private chat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from discord_front import ScriptedFront, running
from discord_server import DiscordServer
from sqlalchemy import Row, select, update

from core.assembly.aion import Aion
from core.storage.database import Database
from core.storage.schema import inbox
from core.types import File, Reply
from tests.e2e.real_core import on_discord, on_telegram
from tests.e2e.telegram_community import says
from tests.e2e.telegram_server import TelegramServer

LINK = "https://t.me/aion_bot?start=private"


def database_of(aion: Aion) -> Database:
    return aion.dispatch.inbox._database


async def rows(aion: Aion, state: str) -> list[Row[Any]]:
    return [row for row in await database_of(aion).rows(select(inbox)) if row.state == state]


@pytest.mark.parametrize("command", ["export_me", "privacy", "forget_me"])
async def test_in_a_telegram_group_a_private_reply_waits_until_its_person_opens_the_chat(
    tmp_path: Path, command: str
) -> None:
    async with TelegramServer() as telegram:
        ana = telegram.person("Ana")
        group, dm = telegram.group("Club"), telegram.private(ana, started=False)
        async with on_telegram(telegram, tmp_path):
            telegram.say(group, ana, "@aion_bot When do you open?")
            await telegram.wait_for_message(lambda m: bool(m.buttons))
            telegram.say(group, ana, f"/{command}@aion_bot")
            told = await telegram.wait_for_message(says("for you alone"))
            assert told.chat["id"] == group["id"]
            assert LINK in told.text
        async with on_telegram(telegram, tmp_path):  # kept through a restart
            telegram.say(dm, ana, "/start private")
            await telegram.wait_for_message(lambda m: m.chat["id"] == dm["id"])
            await telegram.wait_for_quiet()
        private = "\n".join(telegram.texts(dm))
        assert {"export_me": "everything I keep", "privacy": "Of you I keep", "forget_me": "cannot be undone"}[
            command
        ] in private
        assert ("aion-my-data.json" in private) == (command == "export_me")
        assert len(telegram.texts(group)) == 2, "an answer, and where to read the rest"


async def test_what_is_not_fetched_within_a_day_is_erased_and_forget_me_erases_it_at_once(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        ana, eva = telegram.person("Ana"), telegram.person("Eva")
        group = telegram.group("Club")
        ana_dm, eva_dm = telegram.private(ana, started=False), telegram.private(eva, started=False)
        async with on_telegram(telegram, tmp_path) as aion:
            telegram.say(group, ana, "/export_me@aion_bot")
            await telegram.wait_for_message(says("for you alone"))
            telegram.say(group, eva, "/export_me@aion_bot")
            await telegram.wait_for_call("sendMessage", 4)
            assert len(await rows(aion, "held")) == 2
            late = {"due_at": datetime.now(UTC) - timedelta(seconds=1)}
            hers = inbox.c.space_id == f"telegram:dm:{ana['id']}"
            async with database_of(aion).write() as connection:
                await connection.execute(update(inbox).where(hers).values(late))
            telegram.say(ana_dm, ana, "/start private")
            await telegram.wait_for_message(lambda m: m.chat["id"] == ana_dm["id"] and "Nothing waits" in m.text)
            await aion.dispatch.inbox.unfinished("telegram")
            await aion.dispatch.inbox.forget(f"telegram:{eva['id']}", but="")
            telegram.say(eva_dm, eva, "/start private")
            await telegram.wait_for_message(lambda m: m.chat["id"] == eva_dm["id"] and "Nothing waits" in m.text)
            assert await rows(aion, "held") == []
            assert [row for row in await rows(aion, "closed") if row.reply is not None or row.message is not None] == []


async def test_an_anonymous_admin_is_told_that_it_is_for_one_person(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        ana = telegram.person("Ana")
        group = telegram.group("Club", admins=[ana])
        async with on_telegram(telegram, tmp_path) as aion:
            telegram.say(group, ana, "/export_me@aion_bot", extra={"sender_chat": group})
            await telegram.wait_for_message(says("for one person alone"))
            assert await rows(aion, "held") == []
        assert len(telegram.shown) == 1


SECRET = Reply("the secret", "en", private=True, files=(File("secret.json", b"{}"),))


async def test_on_discord_a_private_reply_whose_token_expired_goes_to_direct_messages(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        eva = discord.person("Eva")
        general = discord.channel(discord.guild("Club"), "general")

        async def late(message, outlet) -> None:
            call.is_expired = True
            await outlet.send(SECRET)

        async with running(ScriptedFront(late), discord, tmp_path):
            call = discord.slash("export_me", eva, general)
            secret = await discord.wait_for_message(lambda m: "the secret" in m.content)
            assert secret.channel is discord.dm(eva)
            await discord.wait_until(lambda: any(m.attachments for m in discord.shown))
        assert {message.channel for message in discord.shown} == {discord.dm(eva)}


async def test_on_discord_a_private_reply_waits_for_somebody_whose_direct_messages_are_closed(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        eva = discord.person("Eva")
        general = discord.channel(discord.guild("Club"), "general")
        discord.closed_to_bot.add(eva)
        async with on_discord(discord, tmp_path) as aion:
            release = aion.dispatch.inbox.answer

            async def expire(message, reply) -> None:
                await release(message, reply)
                call.is_expired = True

            aion.dispatch.inbox.answer = expire
            call = discord.slash("export_me", eva, general)
            told = await discord.wait_for_message(lambda m: "for you alone" in m.content)
            assert told.channel is general
        async with on_discord(discord, tmp_path):
            discord.closed_to_bot.clear()
            discord.say(discord.dm(eva), eva, "Here I am")
            exported = await discord.wait_for_message(lambda m: "everything I keep" in m.content)
            assert exported.channel is discord.dm(eva)
            await discord.wait_until(lambda: any(m.attachments for m in discord.shown))
        assert [message.content for message in discord.shown if message.channel is general] == [told.content]


async def test_on_discord_a_private_reply_to_a_message_leaves_the_channel(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        eva = discord.person("Eva")
        general = discord.channel(discord.guild("Club"), "general")

        async def answer(message, outlet) -> None:
            await outlet.progress("thinking in public")
            await outlet.send(SECRET)

        async with running(ScriptedFront(answer), discord, tmp_path):
            discord.say(general, eva, "What do you keep of me?", mentions_bot=True)
            await discord.wait_until(lambda: any(m.attachments for m in discord.shown))
        assert {message.channel for message in discord.shown} == {discord.dm(eva)}
