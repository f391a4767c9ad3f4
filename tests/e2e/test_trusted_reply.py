"""A moderator replies to "I don't know": learned at once, answered to the next with a link, undone with one press."""

from __future__ import annotations

from pathlib import Path

from discord_server import DiscordServer

from core.types import SpaceId
from tests.e2e.real_core import on_discord, on_telegram
from tests.e2e.telegram_community import says
from tests.e2e.telegram_server import TelegramServer

QUESTION = "Where may I leave my bicycle?"
REPLY = "You may leave your bicycle in the racks by the gate."
NUMBER = "Call +351 912 345 678 about your bicycle."


async def test_on_discord(tmp_path: Path) -> None:
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
            assert await aion.documents.list(space) == (), "who is no moderator teaches nothing"
            reply = discord.say(general, ana, REPLY, reply_to=declined)
            learned = await discord.wait_for_message(lambda m: m.reference is reply and "🎓 Learned" in m.content)
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
            assert len(await aion.documents.list(space)) == 1, "only moderators undo"
            await discord.wait_for_reply(discord.press(learned, "↩ Undo", ana))
            await discord.wait_for_message(lambda m: "Forgotten" in m.content or "forgot" in m.content.lower())
            assert await aion.documents.list(space) == ()


async def test_on_telegram(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        ana, eva = telegram.person("Ana"), telegram.person("Eva")
        group = telegram.group("Club", admins=[ana])
        space = SpaceId(f"telegram:{group['id']}")
        async with on_telegram(telegram, tmp_path) as aion:
            telegram.say(group, eva, f"@aion_bot {QUESTION}")
            declined = await telegram.wait_for_message(lambda m: bool(m.buttons))
            telegram.say(group, ana, "really?", reply_to=declined)
            reply = telegram.say(group, ana, REPLY, reply_to=declined)
            learned = await telegram.wait_for_message(says("🎓 Learned"))
            [document] = await aion.documents.list(space)
            assert str(reply["message_id"]) in document.names[0]
            telegram.say(group, eva, f"@aion_bot {QUESTION}")
            await telegram.wait_for_message(lambda m: "racks by the gate" in m.text and bool(m.buttons))
            telegram.press(learned, "↩ Undo", ana)
            await telegram.wait_for_message(lambda m: "forgot" in m.text.lower())
            assert await aion.documents.list(space) == ()
