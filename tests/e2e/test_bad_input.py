"""What models write at their worst arrives whole on both platforms and harms nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from discord_front import ScriptedFront
from discord_front import running as on_discord
from discord_server import DiscordServer

from core.types import Reply
from tests.e2e.telegram_community import Community
from tests.e2e.telegram_community import running as on_telegram
from tests.e2e.telegram_server import TelegramServer

ODD = {
    "Markdown that no parser accepts": "**a _b* ](( `c ~~d || <e ```f\n> g # h",
    "right to left": "שלום \u200fworld\u200e مرحبا \u202eabc\u202c end",
    "zero width": "one\u200btwo\u200d\u2060three\ufeff four",
    "a word of 4,000 characters": "w" * 4000,
    "a mention of everyone": "@everyone and @here, look!",
    "lone surrogates of emoji and flags": "🇧🇷" * 700 + "👩\u200d🚀" * 300,
}


def letters(texts: list[str]) -> str:
    return "".join(character for text in texts for character in text if character.isalnum() or ord(character) > 0x1F000)


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
async def test_telegram_shows_all_of(text: str) -> None:
    community = Community(answers={"Odd?": text})
    async with TelegramServer() as server:
        ana = server.person("Ana")
        group = server.group("Library")
        async with on_telegram(server, community):
            server.say(group, ana, "@aion_bot Odd?")
            await server.wait_for_message(lambda m: bool(m.buttons))
        assert letters(server.texts(group)) == letters([text])


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
async def test_discord_shows_all_of(text: str, tmp_path: Path) -> None:
    async def odd(message, outlet):
        await outlet.send(Reply(text, "en", answer_id=7))

    front = ScriptedFront(odd)
    async with DiscordServer() as server:
        ana = server.person("Ana")
        channel = server.channel(server.guild("Library"), "general")
        async with on_discord(front, server, tmp_path):
            server.say(channel, ana, "Odd?", mentions_bot=True)
            await server.wait_for_message(lambda m: m.buttons)
        assert letters([message.content for message in server.shown]) == letters([text])
        assert not any(message.pings_everyone for message in server.shown)


async def test_telegram_forgets_a_role_that_was_taken_away_a_second_ago() -> None:
    community = Community()
    async with TelegramServer() as server:
        ana = server.person("Ana")
        group = server.group("Library", admins=[ana])
        async with on_telegram(server, community):
            server.upload(group, ana, "a.md", b"A", caption="/index@aion_bot")
            await server.wait_for_message(lambda m: "Learned a.md" in m.text)
            server.promote(group, ana, "member")
            server.upload(group, ana, "b.md", b"B", caption="/index@aion_bot")
            await server.wait_for_message(lambda m: "Only moderators" in m.text)
        assert set(community.files) == {"a.md"}
