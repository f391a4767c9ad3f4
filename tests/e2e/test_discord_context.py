"""What a Discord message is about: a forwarded message, the one it replies to, or something that cannot be read."""

from __future__ import annotations

import pytest
from discord_front import ScriptedFront, running
from discord_server import DiscordServer

from core.commands import Command, Context, Parameter


async def asked(front: ScriptedFront, discord: DiscordServer) -> str:
    """Return the last question the core was given, once the bot has replied to it."""
    await discord.wait_until(lambda: front.handled)
    return front.handled[-1].text


async def test_a_forwarded_message_is_asked_as_a_question(tmp_path) -> None:
    async with DiscordServer() as discord:
        ana, bob = discord.person("Ana"), discord.person("Bob")
        general = discord.channel(discord.guild("Library"), "general")
        front = ScriptedFront()
        async with running(front, discord, tmp_path):
            said = discord.say(general, bob, "How many people fit in the sauna?")
            discord.forward(said, ana, discord.dm(ana))
            assert await asked(front, discord) == "How many people fit in the sauna?"


async def test_a_bare_mention_under_somebodys_question_passes_it_on(tmp_path) -> None:
    async with DiscordServer() as discord:
        ana, bob = discord.person("Ana"), discord.person("Bob")
        general = discord.channel(discord.guild("Library"), "general")
        front = ScriptedFront()
        async with running(front, discord, tmp_path):
            said = discord.say(general, bob, "How many people fit in the sauna?")
            discord.say(general, ana, "", mentions_bot=True, reply_to=said)
            assert await asked(front, discord) == "How many people fit in the sauna?"
            discord.say(general, ana, "And in the pool?", mentions_bot=True, reply_to=said)
            await discord.wait_until(lambda: len(front.handled) == 2)
            assert front.handled[-1].text == "And in the pool?"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"files": {"sauna.png": b"png"}}, "I cannot see pictures."),
        ({"files": {"voice-message.ogg": b"ogg"}}, "I cannot hear what was recorded."),
        ({"files": {"pool.mp4": b"mp4"}}, "I cannot watch videos."),
        ({"files": {"rules.pdf": b"pdf"}}, "send this one with /index"),
        ({"stickers": ["wave"]}, "I cannot read stickers."),
    ],
)
async def test_it_is_said_what_cannot_be_read_and_words_beside_it_are_answered(tmp_path, content, sentence) -> None:
    async with DiscordServer() as discord:
        ana, bob = discord.person("Ana"), discord.person("Bob")
        general = discord.channel(discord.guild("Library"), "general")
        front = ScriptedFront()
        async with running(front, discord, tmp_path):
            alone = discord.say(general, ana, "", mentions_bot=True, **content)
            reply = await discord.wait_for_message(lambda m: m.reference is alone)
            assert sentence in reply.text
            theirs = discord.say(general, bob, "", **content)
            under = discord.say(general, ana, "", mentions_bot=True, reply_to=theirs)
            assert sentence in (await discord.wait_for_message(lambda m: m.reference is under)).text
            forwarded = discord.forward(theirs, ana, discord.dm(ana))
            assert sentence in (await discord.wait_for_message(lambda m: m.reference is forwarded)).text
            assert not front.handled
            discord.say(general, ana, "What is this?", mentions_bot=True, **content)
            assert await asked(front, discord) == "What is this?"


async def test_without_the_content_intent_a_bare_mention_is_told_that_nothing_is_shown(tmp_path) -> None:
    async with DiscordServer() as discord:
        discord.refuse_content_intent = True
        ana, bob = discord.person("Ana"), discord.person("Bob")
        general = discord.channel(discord.guild("Library"), "general")
        async with running(ScriptedFront(), discord, tmp_path):
            said = discord.say(general, bob, "How many people fit in the sauna?")
            said.content = ""
            under = discord.say(general, ana, "", mentions_bot=True, reply_to=said)
            reply = await discord.wait_for_message(lambda m: m.reference is under)
            assert "is not shown to me" in reply.text


async def test_a_forwarded_message_calls_no_command(tmp_path) -> None:
    async def unused(context: Context) -> None: ...

    async with DiscordServer() as discord:
        ana, bob = discord.person("Ana"), discord.person("Bob")
        general = discord.channel(discord.guild("Library", moderators=[ana]), "general")
        front = ScriptedFront()
        words = {"en": "w", "pt": "p"}
        parameters = (Parameter("number", words, kind="number"), Parameter("text", words))
        front.registry.add(Command("card", words, unused, parameters, takes_replies=True))
        async with running(front, discord, tmp_path):
            said = discord.say(general, bob, "/training on")
            discord.forward(said, ana, discord.dm(ana))
            assert await asked(front, discord) == "/training on"
            assert front.handled[-1].command is None
