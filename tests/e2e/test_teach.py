"""Learning from what people say, with the real core: consent first, no secrets, and through review."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import discord_front
from discord_server import DiscordServer

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings
from core.types import SpaceId
from plugins import load_plugins
from tests.e2e import telegram_community
from tests.e2e.telegram_community import says
from tests.e2e.telegram_server import TelegramServer
from tests.fakes import ScriptedGenerator, WordEmbedder

MENU = "Teach AION this message"
KEY = "The spare key of the shed hangs behind the blue door of the kitchen."


@asynccontextmanager
async def core_in(folder: Path) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": folder})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        yield aion


async def test_on_discord_a_message_is_learned_once_its_author_and_a_moderator_agree(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        ana, eva, rui = discord.person("Ana"), discord.person("Eva"), discord.person("Rui")
        guild = discord.guild("Club", moderators=[ana])
        general, staff = discord.channel(guild, "general"), discord.channel(guild, "staff")
        async with core_in(tmp_path) as aion, discord_front.running(aion.dispatch, discord, tmp_path):  # type: ignore[arg-type]
            await discord.wait_for_reply(discord.slash("channel", ana, staff, mode="moderators"))
            said = discord.say(general, eva, f"Hi {rui.mention}! {KEY}")
            told = await discord.wait_for_reply(discord.menu(MENU, said, ana))
            assert "ask who wrote it (1)" in told.content
            asked = await discord.wait_for_message(lambda m: "without your name" in m.content)
            assert asked.reference is said
            stranger = await discord.wait_for_reply(discord.press(asked, "Yes", rui))
            assert stranger.is_private
            assert not [m for m in discord.shown if m.channel is staff and m.buttons], "it is not theirs to agree"
            await discord.wait_for_reply(discord.press(asked, "Yes", eva))
            card = await discord.wait_for_message(lambda m: m.channel is staff and m.buttons)
            await discord.wait_for_reply(discord.press(card, "Approve", ana))
            await discord.wait_until(lambda: not card.buttons)
            [document] = await aion.documents.list(SpaceId(f"discord:{guild.id}"))
            assert document.names == (f"https://discord.com/channels/{guild.id}/{general.id}/{said.id}",)
            text = await aion.documents.text(SpaceId(f"discord:{guild.id}"), document.id)
            assert KEY in (text or "")
            assert str(rui.id) not in (text or "")
            assert "Eva" not in (text or "")
            again = discord.say(general, eva, "The rake stands beside the key.")
            told = await discord.wait_for_reply(discord.menu(MENU, again, ana))
            assert "waits for approval" in told.content, "who agreed once is not asked again"
            await discord.wait_for_reply(discord.slash("consent", eva, general, decision="no"))
            third = discord.say(general, eva, "The spade stands beside the rake.")
            told = await discord.wait_for_reply(discord.menu(MENU, third, ana))
            assert "does not want that" in told.content


async def test_on_discord_secrets_are_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        ana, eva = discord.person("Ana"), discord.person("Eva")
        guild = discord.guild("Club", moderators=[ana])
        general = discord.channel(guild, "general")
        async with core_in(tmp_path) as aion, discord_front.running(aion.dispatch, discord, tmp_path):  # type: ignore[arg-type]
            for secret in ("Write to eva@mail.example.org", "password: Made-Up-1", "call +1 415 555 2671"):
                said = discord.say(general, eva, f"{KEY} {secret}")
                told = await discord.wait_for_reply(discord.menu(MENU, said, ana))
                assert "is not learned: it holds" in told.content
            assert not [m for m in discord.shown if "without your name" in m.content]
            assert "made-up" not in (tmp_path / "aion.db").read_bytes().decode("latin-1").lower()


async def test_on_discord_pins_and_solved_threads_are_learned(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        ana, eva = discord.person("Ana"), discord.person("Eva")
        guild = discord.guild("Club", moderators=[ana])
        general, staff = discord.channel(guild, "general"), discord.channel(guild, "staff")
        forum = discord.forum(guild, "help")
        thread = discord.thread(forum, eva, "Where is the key?")
        async with core_in(tmp_path) as aion, discord_front.running(aion.dispatch, discord, tmp_path):  # type: ignore[arg-type]
            await discord.wait_for_reply(discord.slash("channel", ana, staff, mode="moderators"))
            for decision, person in (("yes", eva), ("yes", ana)):
                await discord.wait_for_reply(discord.slash("consent", person, general, decision=decision))
            for n, text in enumerate(("The gate is shut at dusk.", "Bees sleep in winter.")):
                discord.say(general, [ana, eva][n], text).is_pinned = True
            discord.say(general, eva, "Not pinned at all.")
            told = await discord.wait_for_reply(discord.slash("teach", ana, general, what="pins"))
            await discord.wait_until(lambda: told.content.count("waits for approval") == 2)

            discord.say(thread, eva, "Where does the spare key of the shed hang?")
            discord.say(thread, eva, "Nobody knows?")
            discord.say(thread, ana, "No idea.")
            discord.say(thread, ana, KEY).reactions.append("✅")
            refused = await discord.wait_for_reply(discord.slash("teach", ana, thread, what="thread"))
            await discord.wait_until(lambda: "no thread marked as solved" in refused.content)
            thread.is_solved = True
            discord._emit("THREAD_UPDATE", thread.json())
            told = await discord.wait_for_reply(discord.slash("teach", ana, thread, what="thread"))
            await discord.wait_until(lambda: "waits for approval as #3" in told.content)
            await discord.wait_for_reply(discord.slash("approve", ana, staff, what="3"))
            [document] = await aion.documents.list(SpaceId(f"discord:{guild.id}"))
            text = await aion.documents.text(SpaceId(f"discord:{guild.id}"), document.id)
            assert text == f"# Where does the spare key of the shed hang?\n\n{KEY}\n"


async def test_on_telegram_a_reply_with_teach_is_learned_with_consent(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        ana, eva = telegram.person("Ana"), telegram.person("Eva")
        group = telegram.group("Club", admins=[ana])
        async with core_in(tmp_path) as aion, telegram_community.running(telegram, aion.dispatch):  # type: ignore[arg-type]
            telegram.say(group, ana, "/channel@aion_bot moderators")
            await telegram.wait_for_message(says("I tell moderators"))
            said = telegram.say(group, eva, KEY)
            telegram.say(group, eva, "/teach@aion_bot", reply_to=said)
            await telegram.wait_for_message(says("for moderators"))
            telegram.say(group, ana, "/teach@aion_bot")
            await telegram.wait_for_message(says("Reply to the message"))
            telegram.say(group, ana, "/teach@aion_bot", reply_to=said)
            asked = await telegram.wait_for_message(says("without your name"))
            assert asked.reply_to == said["message_id"]
            telegram.press(asked, "Yes", eva)
            card = await telegram.wait_for_message(lambda m: bool(m.buttons) and "decision" in m.text)
            telegram.press(card, "Approve", ana)
            await telegram.wait_for_message(says("approved #1"))
            [document] = await aion.documents.list(SpaceId(f"telegram:{group['id']}"))
            assert document.title == KEY
