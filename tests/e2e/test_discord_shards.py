"""A bot whose servers are split over several connections hears all of them, and its private messages."""

from __future__ import annotations

import asyncio
from pathlib import Path

from discord_front import ScriptedFront, running
from discord_server import DiscordServer
from discord_things import Guild

N_SHARDS = 2


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
            await discord.wait_for_bot(N_SHARDS)
            await discord.wait_until(lambda: front.n_starts)
            assert sorted(session.shard for session in discord.sessions.values()) == [0, 1]
            for shard, channel in channels.items():
                discord.say(channel, ana, f"{discord.bot.mention} shard {shard}?", mentions=[discord.bot])
                await discord.wait_for_message(lambda shown, shard=shard: f"shard {shard}" in shown.content)
            discord.say(discord.dm(ana), ana, "in private?")
            await discord.wait_for_message(lambda shown: "in private" in shown.content)
    assert len(front.handled) == N_SHARDS + 1
