"""Free channels on Discord: what is said to nobody is passed on there, and nowhere else; silence leaves no trace."""

from __future__ import annotations

import asyncio

import pytest
from discord_front import ScriptedFront, running
from discord_server import DiscordServer

from core.ports import Outlet
from core.types import Message, Reply, SpaceId


async def open_only(message: Message, outlet: Outlet) -> None:
    """Answer what is said to AION, and of what it overhears the one question it knows about."""
    if message.addressed or "open" in message.text:
        await outlet.send(Reply("At nine.", "en", answer_id=7))


@pytest.fixture
async def discord():
    async with DiscordServer() as discord:
        yield discord


@pytest.fixture
def front():
    return ScriptedFront(script=open_only)


async def test_only_the_free_channel_is_listened_to_and_silence_is_complete(discord, front, tmp_path):
    ana, rui = discord.person("Ana"), discord.person("Rui")
    guild = discord.guild("Library", moderators=[ana], roles={})
    free, other = discord.channel(guild, "help"), discord.channel(guild, "general")
    front.free = {(SpaceId(f"discord:{guild.id}"), str(free.id))}
    async with running(front, discord, tmp_path):
        discord.say(other, rui, "When do you open?")
        earlier = discord.say(free, ana, "Who stole the cookies?")
        discord.say(free, rui, "When do you open, Ana?", mentions=[ana])
        discord.say(free, rui, "Do you open on Sundays?", reply_to=earlier)
        await asyncio.sleep(0.3)
        assert discord.shown == []
        assert not [call for call in discord.calls if call.path.endswith("/typing")]
        question = discord.say(free, rui, "When do you open?")
        answer = await discord.wait_for_message()
    assert answer.content == "At nine."
    assert answer.reference is question
    assert [(message.text, message.addressed) for message in front.handled] == [
        ("Who stole the cookies?", False),
        ("When do you open?", False),
    ]


async def test_a_mention_in_a_free_channel_is_addressed(discord, front, tmp_path):
    ana = discord.person("Ana")
    guild = discord.guild("Library", moderators=[ana], roles={})
    free = discord.channel(guild, "help")
    front.free = {(SpaceId(f"discord:{guild.id}"), str(free.id))}
    async with running(front, discord, tmp_path):
        discord.say(free, ana, "hello", mentions_bot=True)
        await discord.wait_for_message()
    assert [message.addressed for message in front.handled] == [True]
