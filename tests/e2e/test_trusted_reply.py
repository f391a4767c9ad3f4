"""Trusted people reply to what AION could not answer: learned, told elsewhere, cited, followed and undone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from discord_server import DiscordServer

from core.assembly.aion import Aion
from core.types import SpaceId
from tests.e2e.real_core import on_discord, on_telegram
from tests.e2e.telegram_community import says
from tests.e2e.telegram_server import TelegramServer

QUESTION = "Where may I leave my bicycle?"
REPLY = "You may leave your bicycle in the racks by the gate."
MORE = "The racks are locked at night, so take it home before ten."
NUMBER = "Call +351 912 345 678 about your bicycle."


async def text_of(aion: Aion, space: SpaceId) -> str:
    [document] = await aion.documents.list(space)
    return await aion.documents.text(space, document.id) or ""


async def test_on_discord_a_moderator_replies_to_aion(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        ana, rui, eva = discord.person("Ana"), discord.person("Rui"), discord.person("Eva")
        guild = discord.guild("Club", moderators=[ana])
        general, garden = discord.channel(guild, "general"), discord.channel(guild, "garden")
        space = SpaceId(f"discord:{guild.id}")
        async with on_discord(discord, tmp_path) as aion:
            elsewhere = discord.say(garden, rui, f"Hi, please tell me: {QUESTION}", mentions_bot=True)
            await discord.wait_for_message(lambda m: m.reference is elsewhere and m.buttons)
            asked = discord.say(general, eva, QUESTION, mentions_bot=True)
            declined = await discord.wait_for_message(lambda m: m.reference is asked and m.buttons)
            refused = discord.say(general, ana, NUMBER, reply_to=declined)
            await discord.wait_for_message(lambda m: m.reference is refused and "phone" in m.content)
            other = discord.say(general, rui, "The bicycle belongs to the moon.", reply_to=declined)
            await discord.wait_for_message(lambda m: m.reference is other)
            assert await aion.documents.list(space) == (), "who is not trusted teaches nothing"
            reply = discord.say(general, ana, REPLY, reply_to=declined)
            learned = await discord.wait_for_message(lambda m: m.reference is reply and "🎓 Learned" in m.content)
            assert reply.bot_reactions == ["🎓"]
            await discord.wait_for_message(lambda m: m.channel is garden and "answered now" in m.content)
            counted = await discord.wait_for_reply(discord.slash("learned", eva, general))
            assert "learned here: 1" in counted.content
            [document] = await aion.documents.list(space)
            assert document.names == (f"https://discord.com/channels/{guild.id}/{general.id}/{reply.id}",)
            again = discord.say(general, rui, QUESTION, mentions_bot=True)
            answer = await discord.wait_for_message(
                lambda m: m.reference is again and "racks by the gate" in m.content and m.buttons
            )
            sources = await discord.wait_for_reply(discord.press(answer, "📄 Sources", rui))
            assert REPLY in sources.content and document.names[0] in sources.content
            await discord.wait_for_reply(discord.press(learned, "↩ Undo", eva))
            assert len(await aion.documents.list(space)) == 1, "only moderators and its author undo"
            await discord.wait_for_reply(discord.press(learned, "↩ Undo", ana))
            await discord.wait_for_message(lambda m: "I forgot" in m.content)
            assert await aion.documents.list(space) == ()


async def test_on_discord_a_trusted_role_replies_to_the_asker_in_several_messages(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        ana, rui, eva = discord.person("Ana"), discord.person("Rui"), discord.person("Eva")
        guild = discord.guild("Club", moderators=[ana], roles={"Helper": [rui]})
        general = discord.channel(guild, "general")
        space = SpaceId(f"discord:{guild.id}")
        helper = next(role for role in guild.roles if role.name == "Helper")
        async with on_discord(discord, tmp_path) as aion:
            await discord.wait_for_reply(discord.slash("trust", ana, general, role=helper))
            await discord.wait_for_reply(discord.slash("trust", ana, general, person=eva))
            listed = await discord.wait_for_reply(discord.slash("trust", ana, general))
            assert f"<@&{helper.id}>" in listed.content
            await discord.wait_for_reply(discord.press(listed, "✖ Eva", ana))
            asked = discord.say(general, eva, QUESTION, mentions_bot=True)
            await discord.wait_for_message(lambda m: m.reference is asked and m.buttons)
            reply = discord.say(general, rui, REPLY, reply_to=asked)
            consent = await discord.wait_for_message(lambda m: "without your name" in m.content)
            assert await aion.documents.list(space) == (), "who was overheard agrees first"
            await discord.wait_for_reply(discord.press(consent, "Yes", rui))
            await discord.wait_for_message(lambda m: "🎓 Learned" in m.content)
            more = discord.say(general, rui, MORE)
            await discord.wait_until(lambda: more.bot_reactions == ["🎓"])
            assert await text_of(aion, space) == f"# {QUESTION}\n\n{REPLY}\n\n{MORE}\n"

            discord.edit(reply, REPLY.replace("gate", "well"), later_s=3600)
            await until(lambda: text_of(aion, space), lambda text: "by the well" in text)
            discord.delete_message(more)
            await until(lambda: text_of(aion, space), lambda text: MORE not in text)
            await discord.wait_for_reply(discord.slash("forget_me", rui, general, sure="yes"))
            assert await aion.documents.list(space) == ()


async def test_on_discord_replies_within_a_thread_are_proposed_where_the_space_wants_that(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        ana, eva = discord.person("Ana"), discord.person("Eva")
        guild = discord.guild("Club", moderators=[ana])
        general, staff, garden = (discord.channel(guild, name) for name in ("general", "staff", "garden"))
        thread = discord.thread(general, eva, "bicycles")
        space = SpaceId(f"discord:{guild.id}")
        async with on_discord(discord, tmp_path) as aion:
            await discord.wait_for_reply(discord.slash("channel", ana, staff, mode="moderators"))
            await discord.wait_for_reply(discord.slash("settings", ana, staff, setting="replies", value="propose"))
            await discord.wait_for_reply(discord.slash("consent", ana, general, decision="yes"))
            for channel in (garden, thread):
                asked = discord.say(channel, eva, QUESTION, mentions_bot=True)
                await discord.wait_for_message(lambda m, asked=asked: m.reference is asked and m.buttons)
            reply = discord.say(thread, ana, REPLY)
            await discord.wait_for_message(lambda m: m.reference is reply and "🎓 Proposed" in m.content)
            more = discord.say(thread, ana, MORE)
            await discord.wait_until(lambda: more.bot_reactions)
            [waiting] = await aion.services.reviews.proposals.pending(space)
            assert waiting.text == f"# {QUESTION}\n\n{REPLY}\n\n{MORE}\n"
            await discord.wait_for_reply(discord.slash("approve", ana, staff, what=str(waiting.id)))
            await discord.wait_for_message(lambda m: m.channel is garden and "answered now" in m.content)


async def test_on_telegram(tmp_path: Path) -> None:
    async with TelegramServer(reads_all_group_messages=True) as telegram:
        ana, eva, rui = telegram.person("Ana"), telegram.person("Eva"), telegram.person("Rui")
        group = telegram.group("Club", admins=[ana])
        space = SpaceId(f"telegram:{group['id']}")
        async with on_telegram(telegram, tmp_path) as aion:
            hello = telegram.say(group, rui, "Good morning to you all!")
            telegram.say(group, ana, "/trust@aion_bot person", reply_to=hello)
            await telegram.wait_for_message(says("I believe Rui"))
            asked = telegram.say(group, eva, f"@aion_bot {QUESTION}")
            declined = await telegram.wait_for_message(lambda m: bool(m.buttons))
            telegram.say(group, rui, "really?", reply_to=declined)
            reply = telegram.say(group, rui, REPLY, reply_to=asked)
            consent = await telegram.wait_for_message(says("without your name"))
            telegram.press(consent, "Yes", rui)
            learned = await telegram.wait_for_message(says("🎓 Learned"))
            [document] = await aion.documents.list(space)
            assert str(reply["message_id"]) in document.names[0]
            again = telegram.say(group, ana, MORE, reply_to=declined)
            await telegram.wait_for_call("setMessageReaction")
            assert telegram.reactions[group["id"], again["message_id"]] == [{"type": "emoji", "emoji": "✍"}]
            assert MORE in await text_of(aion, space)
            telegram.edit(again, NUMBER)
            await telegram.wait_for_quiet()
            telegram.say(group, eva, f"@aion_bot {QUESTION}")
            await telegram.wait_for_message(lambda m: "racks by the gate" in m.text and bool(m.buttons))
            assert await text_of(aion, space) == f"# {QUESTION}\n\n{REPLY}\n", "a phone number is not learned"
            telegram.press(learned, "↩ Undo", rui)
            await telegram.wait_for_message(says("I forgot"))
            assert await aion.documents.list(space) == ()


async def until(read: Callable[[], Awaitable[str]], holds: Callable[[str], bool]) -> None:
    """Wait until what is read holds."""
    async with asyncio.timeout(60):
        while not holds(await read()):  # noqa: ASYNC110 (the database tells nobody)
            await asyncio.sleep(0.02)
