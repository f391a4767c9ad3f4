"""Ask a human, with the real core: from "I don't know" to a moderator's words and what is learned of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from discord_server import DiscordServer

from tests.e2e import process
from tests.e2e.real_core import on_discord, on_telegram
from tests.e2e.telegram_community import says
from tests.e2e.telegram_server import TelegramServer

QUESTION = "Where may I leave my bicycle?"
REPLY = "You may leave your bicycle in the racks by the gate."


async def test_on_discord_a_question_goes_to_the_moderators_and_their_reply_comes_back(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        ana, rui, eva = discord.person("Ana"), discord.person("Rui"), discord.person("Eva")
        guild = discord.guild("Club", moderators=[ana, rui])
        general, staff = discord.channel(guild, "general"), discord.channel(guild, "staff")
        async with on_discord(discord, tmp_path):
            await discord.wait_for_reply(discord.slash("channel", ana, staff, mode="moderators"))
            asked = discord.say(general, eva, QUESTION, mentions_bot=True)
            declined = await discord.wait_for_message(lambda m: m.reference is asked and m.buttons)
            told = await discord.wait_for_reply(discord.press(declined, "🙋 Ask a human", eva))
            assert told.is_private
            card = await discord.wait_for_message(lambda m: m.channel is staff and QUESTION in m.content)
            assert str(declined.id) in card.content, "the card links to where it was asked"
        async with on_discord(discord, tmp_path):  # another process, for whom the card is a message like any other
            discord.say(staff, ana, REPLY, reply_to=card)
            late = await discord.wait_for_message(lambda m: m.channel is general and REPLY in m.content)
            assert late.reference is asked
            assert late.allowed_mentions is not None
            assert late.allowed_mentions["replied_user"], "who asked is told"
            passed_on = await discord.wait_for_message(lambda m: "passed on" in m.content)
            discord.say(staff, rui, "Nowhere at all.", reply_to=card)
            await discord.wait_for_message(lambda m: "Somebody was quicker" in m.content)
            refused = await discord.wait_for_reply(discord.press(passed_on, "🎓 Teach this", eva))
            assert "moderators" in refused.content
            await discord.wait_for_reply(discord.press(passed_on, "🎓 Teach this", ana))
            await discord.wait_until(lambda: not passed_on.buttons)
            again = discord.press(declined, "↻", eva)
            answer = await discord.wait_for_reply(again)
            await discord.wait_until(lambda: "racks by the gate" in answer.content and answer.buttons)
            sources = await discord.wait_for_reply(discord.press(answer, "📄 Sources", rui))
            assert sources.is_private
            assert REPLY in sources.content
        assert not [message for message in discord.shown if "Nowhere" in message.content]
        assert len([message for message in discord.shown if "A moderator answers" in message.content]) == 1


async def test_on_discord_a_private_question_is_answered_there_and_a_rating_offers_a_human(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        ana, eva = discord.person("Ana"), discord.person("Eva")
        guild = discord.guild("Club", moderators=[ana])
        staff = discord.channel(guild, "staff")
        async with on_discord(discord, tmp_path):
            await discord.wait_for_reply(discord.slash("channel", ana, staff, mode="moderators"))
            discord.say(discord.dm(eva), eva, QUESTION)
            declined = await discord.wait_for_message(lambda m: m.channel.recipient is eva and m.buttons)
            thanks = await discord.wait_for_reply(discord.press(declined, "👎", eva))
            assert list(thanks.buttons) == ["🙋 Ask a human"]
            await discord.wait_for_reply(discord.press(thanks, "🙋 Ask a human", eva))
            await discord.wait_for_message(lambda m: m.channel is staff and QUESTION in m.content)
            reply = await discord.wait_for_reply(discord.slash("reply", ana, staff, number="1", text=REPLY))
            assert "passed on" in reply.content
            late = await discord.wait_for_message(lambda m: REPLY in m.content)
            assert late.channel.recipient is eva


async def test_on_telegram_a_question_goes_to_the_moderators_and_their_reply_comes_back(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        ana, eva = telegram.person("Ana"), telegram.person("Eva")
        forum = telegram.group("Club", admins=[ana], forum=True)
        async with on_telegram(telegram, tmp_path):
            telegram.say(forum, ana, "/channel@aion_bot moderators", thread=7)
            await telegram.wait_for_message(says("I tell moderators"))
            asked = telegram.say(forum, eva, f"@aion_bot {QUESTION}", thread=5)
            declined = await telegram.wait_for_message(lambda m: m.thread == 5 and bool(m.buttons))
            telegram.press(declined, "🙋 Ask a human", eva)
            card = await telegram.wait_for_message(lambda m: m.thread == 7 and QUESTION in m.text)
        async with on_telegram(telegram, tmp_path):
            telegram.say(forum, ana, REPLY, reply_to=card, thread=7)
            late = await telegram.wait_for_message(lambda m: m.thread == 5 and REPLY in m.text)
            assert late.reply_to == asked["message_id"]
            passed_on = await telegram.wait_for_message(says("passed on"))
            telegram.say(forum, ana, f"/reply@aion_bot 1 {REPLY}", thread=7)  # the same words once more
            telegram.say(forum, eva, "Me too!", reply_to=card, thread=7)
            await telegram.wait_for_message(says("for moderators"))
            telegram.press(passed_on, "🎓 Teach this", ana)
            await telegram.wait_for_message(says("Learned"))
            telegram.press(declined, "↻", eva)
            answer = await telegram.wait_for_message(lambda m: "📖" in m.text and bool(m.buttons))
            telegram.press(answer, "📄 Sources", eva)
            await telegram.wait_for_message(lambda m: m is not answer and "Sources" in m.text)
        told = [m for m in telegram.shown if m.thread == 5 and "A moderator answers" in m.text]
        assert len(told) == 1


async def test_on_telegram_a_private_question_is_answered_there_and_a_rating_offers_a_human(
    tmp_path: Path,
) -> None:
    async with TelegramServer() as telegram:
        ana, eva = telegram.person("Ana"), telegram.person("Eva", language="pt")
        group, dm = telegram.group("Club", admins=[ana]), telegram.private(eva)
        async with on_telegram(telegram, tmp_path):
            telegram.say(group, ana, "/channel@aion_bot moderators")
            await telegram.wait_for_message(says("I tell moderators"))
            telegram.say(dm, eva, "Onde posso deixar a bicicleta?")
            declined = await telegram.wait_for_message(lambda m: m.chat["id"] == dm["id"] and bool(m.buttons))
            n_buttons = len(declined.buttons)
            telegram.press(declined, "👍", eva)
            await telegram.wait_for_toast(1)
            assert len(declined.buttons) == n_buttons
            telegram.press(declined, "👎", eva)
            await telegram.wait_for_toast(2)
            telegram.press(declined, "🙋 Perguntar a uma pessoa", eva)
            await telegram.wait_for_message(says("Passei a sua pergunta"))
            card = await telegram.wait_for_message(lambda m: m.chat["id"] == group["id"] and "bicicleta" in m.text)
            telegram.say(group, ana, "No suporte.", reply_to=card)
            late = await telegram.wait_for_message(says("No suporte."))
            assert late.chat["id"] == dm["id"]
            assert "Alguém da moderação responde" in late.text


@pytest.mark.slow
async def test_killed_at_every_step_nothing_is_lost_and_nobody_is_told_twice(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        ana, eva = telegram.person("Ana"), telegram.person("Eva")
        group = telegram.group("Club", admins=[ana])
        tokens = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.url}

        @asynccontextmanager
        async def killed_after() -> AsyncIterator[None]:
            async with process.running(tmp_path, module="tests.e2e.quick_human", **tokens) as run:
                await run.until_logged("running: telegram")
                yield
                await run.kill()

        async with killed_after():
            telegram.say(group, ana, "/channel@aion_bot moderators")
            await telegram.wait_for_message(says("I tell moderators"))
            asked = telegram.say(group, eva, f"@aion_bot {QUESTION}")
            declined = await telegram.wait_for_message(lambda m: "don't know" in m.text and bool(m.buttons))
            telegram.press(declined, "🙋 Ask a human", eva)
            await telegram.wait_for_toast()
        async with killed_after():
            card = await telegram.wait_for_message(says("asks for a human"))
            telegram.say(group, ana, REPLY, reply_to=card)
            await telegram.wait_for_message(says("is passed on"))
        async with killed_after():
            late = await telegram.wait_for_message(says("A moderator answers"))
            await telegram.wait_for_quiet()
        assert late.reply_to == asked["message_id"]
        for words in ("asks for a human", "is passed on", "A moderator answers"):
            assert len([message for message in telegram.shown if words in message.text]) == 1
