"""A bot whose servers are split over several connections hears all of them, and its private messages."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from discord_front import ScriptedFront, running
from discord_server import DiscordServer
from discord_things import Guild

pytestmark = pytest.mark.slow  # discord.py waits five seconds between two connections, as Discord demands

N_SHARDS, PATIENCE_S = 2, 60


async def test_every_shard_is_heard_and_answered(tmp_path: Path) -> None:
    front = ScriptedFront()
    async with DiscordServer() as discord:
        ana = discord.person("Ana")
        servers: dict[int, Guild] = {}
        while len(servers) < N_SHARDS:  # ids of servers are times
            guild = discord.guild("Library", moderators=[ana])
            servers[discord.shard_of(guild.id, N_SHARDS)] = guild
            await asyncio.sleep(0.001)
        channels = {shard: discord.channel(guild, "general") for shard, guild in servers.items()}
        async with running(front, discord, tmp_path, shards=N_SHARDS):
            async with asyncio.timeout(PATIENCE_S):
                while not front.n_starts:  # noqa: ASYNC110 (the adapter is ready once every shard is)
                    await asyncio.sleep(0.05)
            assert sorted(session.shard for session in discord.sessions.values()) == [0, 1]
            for shard, channel in channels.items():
                discord.say(channel, ana, f"shard {shard}?", mentions_bot=True)
                await discord.wait_for_message(lambda shown, shard=shard: f"shard {shard}" in shown.content, PATIENCE_S)
            discord.say(discord.dm(ana), ana, "in private?")
            await discord.wait_for_message(lambda shown: "in private" in shown.content, PATIENCE_S)
    assert len(front.handled) == N_SHARDS + 1
