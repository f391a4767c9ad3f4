"""Questions edited within a minute are answered anew, in place: never are two answers to one message to be seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord_front
import pytest
from discord_front import ScriptedFront
from discord_server import DiscordServer

from core.types import Reply
from core.types.delivery import UnfinishedMessage
from tests.e2e.telegram_community import Community, running, says
from tests.e2e.telegram_server import TelegramServer

LONG = "Saturday words. " * 200


class Slowly(Community):
    """Writes the answers of its table word by word; a question about Sunday waits until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = asyncio.Event()

    async def handle(self, message, outlet):
        self.heard.append(message)
        await outlet.partial(f"Thinking of: {message.text}")
        await asyncio.sleep(0.2)
        if "Sunday" in message.text:
            await self.let_go.wait()
        text = LONG if "Saturday" in message.text else f"Answered: {message.text}"
        await outlet.send(Reply(text, "en", answer_id=len(self.heard)))


@asynccontextmanager
async def small_telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(reads_all_group_messages=True) as server:
        yield server


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with small_telegram() as server:
        yield server


@pytest.fixture
async def community() -> Slowly:
    return Slowly()


def visible(server: TelegramServer) -> list[str]:
    return [message.text for message in server.shown if not message.deleted]


async def test_on_telegram_an_answered_question_is_answered_anew_in_place(telegram, community):
    ana = telegram.person("Ana")
    group = telegram.group("Club")
    async with running(telegram, community):
        asked = telegram.say(group, ana, "@aion_bot And on Saturday?")
        await telegram.wait_for_message(lambda m: bool(m.buttons))
        assert "".join("".join(visible(telegram)).split()) == "".join(LONG.split())
        telegram.edit(asked, "@aion_bot And on Monday?")
        answer = await telegram.wait_for_message(says("Answered: And on Monday?"))
        await telegram.wait_for_message(lambda m: m is answer and bool(m.buttons))
        telegram.edit(asked, "@aion_bot And on Monday?")  # the same words once more
        telegram.edit(asked, "@aion_bot And on Tuesday?", later_s=90)  # too late
        await telegram.wait_for_quiet()
    assert visible(telegram) == ["Answered: And on Monday?"]
    assert answer.reply_to == asked["message_id"]
    assert [message.text for message in community.heard] == ["And on Saturday?", "And on Monday?"]


async def test_on_telegram_an_edit_while_it_is_being_answered_starts_anew(telegram, community):
    ana = telegram.person("Ana")
    dm = telegram.private(ana)
    async with running(telegram, community):
        asked = telegram.say(dm, ana, "And on Sunday?")
        await telegram.wait_for_quiet()
        await asyncio.sleep(0.2)
        telegram.edit(asked, "And on Sunday, of all days?")
        telegram.edit(asked, "And on Friday?")
        await telegram.wait_for_message(lambda m: "And on Friday?" in m.text and bool(m.buttons))
        community.let_go.set()
        await telegram.wait_for_quiet()
        await asyncio.sleep(0.3)
    assert visible(telegram) == ["Answered: And on Friday?"]


async def test_on_telegram_what_was_not_answered_and_commands_are_not_revised(telegram, community):
    ana = telegram.person("Ana")
    group = telegram.group("Club")
    async with running(telegram, community):
        chatter = telegram.say(group, ana, "What a day")
        command = telegram.say(group, ana, "/ask@aion_bot Monday?")
        await telegram.wait_for_message(says("Answered"))
        telegram.edit(chatter, "@aion_bot What a day")
        telegram.edit(command, "/ask@aion_bot Tuesday?")
        telegram.edit(command, "@aion_bot Tuesday?")
        await telegram.wait_for_quiet()
        await asyncio.sleep(0.2)
    assert len(community.heard) == 1


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


@pytest.fixture
def front() -> ScriptedFront:
    front = ScriptedFront()
    sunday = asyncio.Event()

    async def handle(message, outlet):
        front.handled.append(message)
        await outlet.partial(f"Thinking of: {message.text}")
        await asyncio.sleep(0.1)
        if "Sunday" in message.text:
            await sunday.wait()
        text = LONG if "Saturday" in message.text else f"Answered: {message.text}"
        await outlet.send(Reply(text, "en", answer_id=7))

    front.handle = handle  # type: ignore[method-assign]
    return front


async def test_on_discord_an_answered_question_is_answered_anew_in_place(discord, front, tmp_path):
    eva = discord.person("Eva")
    channel = discord.channel(discord.guild("Club"), "general")
    async with discord_front.running(front, discord, tmp_path):
        asked = discord.say(channel, eva, "And on Saturday?", mentions_bot=True)
        await discord.wait_for_message(lambda m: m.buttons)
        assert len(discord.shown) == 2
        discord.edit(asked, "And on Monday?")
        answer = await discord.wait_for_message(lambda m: m.content == "Answered: And on Monday?" and m.buttons)
        await discord.wait_until(lambda: len(discord.shown) == 1)
        discord.edit(asked, "And on Monday?")
        discord.edit(asked, "And on Tuesday?", later_s=90)
        await asyncio.sleep(0.3)
    assert discord.shown == [answer]
    assert answer.reference is asked
    assert [message.text for message in front.handled] == ["And on Saturday?", "And on Monday?"]


async def test_on_discord_an_edit_while_it_is_being_answered_starts_anew(discord, front, tmp_path):
    eva = discord.person("Eva")
    channel = discord.channel(discord.guild("Club"), "general")
    async with discord_front.running(front, discord, tmp_path):
        asked = discord.say(channel, eva, "And on Sunday?", mentions_bot=True)
        await discord.wait_for_message(lambda m: "Thinking of" in m.content)
        discord.edit(asked, "And on Sunday, of all days?")
        discord.edit(asked, "And on Friday?")
        answer = await discord.wait_for_message(lambda m: m.content == "Answered: And on Friday?")
        await asyncio.sleep(0.3)
    assert discord.shown == [answer]


async def test_on_discord_a_revision_that_a_crash_cut_short_goes_on_in_place(discord, front, tmp_path):
    """The inbox says what is shown of the first answer; another process replaces it."""
    eva = discord.person("Eva")
    channel = discord.channel(discord.guild("Club"), "general")
    written: asyncio.Queue[UnfinishedMessage] = asyncio.Queue()

    async def revise(message, parts):
        await written.put(UnfinishedMessage(message, Reply("Closed.", "en"), tuple(parts), had_files=False, n_runs=1))

    async with discord_front.running(front, discord, tmp_path):
        asked = discord.say(channel, eva, "And on Saturday?", mentions_bot=True)
        await discord.wait_for_message(lambda m: m.buttons)
        front.inbox.revise = revise  # type: ignore[method-assign]
        discord.edit(asked, "And on Sunday?")
        left = await written.get()
    assert len(left.parts) == 2
    front.inbox.left.append(left)
    async with discord_front.running(front, discord, tmp_path):
        await discord.wait_until(lambda: [message.content for message in discord.shown] == ["Closed."])
