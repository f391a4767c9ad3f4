"""Two roles on Discord: what is taught in a private channel is read where only its readers are, as that changes."""

from __future__ import annotations

from pathlib import Path

from discord_server import DiscordServer
from discord_things import Channel, Message

from core.types import SpaceId
from tests.e2e.real_core import on_discord

QUESTION = "What is the code of the wine cellar?"
CODE = "4711-grape"
CELLAR = f"# Wine cellar\n\nThe code of the wine cellar is {CODE} this year.\n".encode()
POOL = b"# Pool\n\nThe pool opens at seven every morning.\n"


async def test_knowledge_follows_the_overwrites_of_its_channel(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        ana, eva = discord.person("Ana"), discord.person("Eva")
        guild = discord.guild("Club", moderators=[ana], roles={"VIP": [eva], "Member": []})
        staff, vip, member = (next(r for r in guild.roles if r.name == name) for name in ("Staff", "VIP", "Member"))
        lobby, cellar, lounge, office = (discord.channel(guild, n) for n in ("lobby", "cellar", "lounge", "office"))
        discord.let_view(cellar, vip, staff)
        discord.let_view(lounge, vip)
        discord.let_view(office, staff)

        async def shown(channel: Channel, text: str = QUESTION) -> str:
            asked = discord.say(channel, ana, text, mentions_bot=True)
            reply: Message = await discord.wait_for_message(lambda m: m.reference is asked and m.buttons)
            return reply.content

        async def learned(channel: Channel, name: str, data: bytes, **audience: str) -> str:
            call = discord.slash("index", ana, channel, file=(name, data), **audience)
            done = await discord.wait_until(
                lambda: [m for m in call.messages if m.content and "Reading" not in m.content]
            )
            return str(done[0].content)

        async def listed(channel: Channel) -> str:
            return (await discord.wait_for_reply(discord.slash("docs", ana, channel))).content

        async with on_discord(discord, tmp_path) as aion:
            assert f"<#{cellar.id}>" in await learned(cellar, "cellar.md", CELLAR), "it says for whom that is kept"
            assert "🔒" not in await learned(office, "pool.md", POOL, audience="everyone")
            assert "Not everybody" in await learned(lobby, "cellar.md", CELLAR, audience=f"<#{cellar.id}>")
            community = SpaceId(f"discord:{guild.id}")
            assert [each.title for each in await aion.documents.list(community)] == ["Pool"]

            for channel, reads in ((cellar, True), (lounge, True), (office, True), (lobby, False)):
                assert (CODE in await shown(channel)) is reads, channel.name
                assert ("Wine cellar" in await listed(channel)) is reads, channel.name
                assert "seven" in await shown(channel, text="When does the pool open?")
            done = discord.type_option("forget", ana, lobby, "document", "")
            assert [each["name"][3:] for each in await discord.wait_until(lambda: done.choices)] == ["Pool"]

            discord.let_view(lounge, vip, member)  # more people read the lounge than the cellar
            discord.let_view(cellar, vip)  # and the staff no longer reads the cellar
            for channel, reads in ((lounge, False), (office, False), (cellar, True)):
                assert (CODE in await shown(channel)) is reads, channel.name
                assert ("Wine cellar" in await listed(channel)) is reads, channel.name
            discord.let_view(cellar)
            assert CODE in await shown(lobby), "everybody reads the cellar now"
            discord.let_view(cellar, vip)
            assert CODE not in await shown(lobby), "and it is not given again once they do not"
