"""The client of a bot whose servers are split over several connections, as Discord demands above 2,500 of them."""

from __future__ import annotations

import discord

from bot.adapters.discord.client import Client
from bot.adapters.discord.command_sync import CommandHashFile
from core.ports import AdapterApi


class ShardedClient(Client, discord.AutoShardedClient):
    """A client with ``n_shards`` connections; ``None`` for as many as Discord recommends at the start."""

    def __init__(
        self,
        api: AdapterApi,
        intents: discord.Intents,
        moderator_role: str | None,
        command_hashes: CommandHashFile,
        n_shards: int | None,
    ) -> None:
        super().__init__(api, intents, moderator_role, command_hashes)
        if n_shards is not None:
            self.shard_count = n_shards
