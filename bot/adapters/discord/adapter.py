"""The Discord adapter: connects, reconnects without the message content intent where that is off, and ends.

Does not cover how events are handled (``bot.adapters.discord.client``, ``bot.adapters.discord.interactions``), how they
are read (``bot.adapters.discord.translate``), how commands are declared (``bot.adapters.discord.commands``) or how
replies are shown (``bot.adapters.discord.post``, ``bot.delivery``).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.adapters.discord.client import Client
from bot.adapters.discord.command_sync import CommandHashFile
from bot.adapters.discord.memberships import memberships_of
from bot.adapters.discord.moderators import is_guild_moderator
from bot.platform_errors import Outage
from core.control_characters import without_controls
from core.errors import Unavailable
from core.ports import AdapterApi
from core.types import SpaceId

log = logging.getLogger(__name__)


class ShardedClient(Client, discord.AutoShardedClient):
    """A client with ``n_shards`` connections, as Discord demands above 2,500 servers; ``None``: as it recommends."""

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


class DiscordAdapter:
    """AION on Discord.

    ``api_base`` and ``gateway_url`` point the library at another host; ``moderator_role`` is a role's name or id;
    ``state_dir`` keeps the hash of the commands Discord was last given. ``shards`` is ``AION_DISCORD_SHARDS``.
    """

    def __init__(
        self,
        api: AdapterApi,
        token: str,
        *,
        api_base: str | None = None,
        gateway_url: str | None = None,
        moderator_role: str | None = None,
        state_dir: Path,
        shards: int | Literal["auto"] = 0,
    ) -> None:
        self._api = api
        self._token = token
        self._moderator_role = moderator_role
        self._command_hashes = CommandHashFile(state_dir / "discord_commands.json")
        self._shards = shards
        self._client: Client | None = None
        # discord.py keeps these on its classes: one process talks to one Discord, and never by voice.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        if api_base:
            Route.BASE = api_base.rstrip("/")
        if gateway_url:
            DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)

    @property
    def heard_at_s(self) -> float | None:
        """Return when Discord's gateway last sent anything, if it ever did, on ``time.monotonic``'s clock."""
        return self._client.heard_at_s if self._client else None

    async def is_moderator(self, space: SpaceId, person_id: str) -> bool:
        """Ask Discord whether an account moderates a server now; ``False`` where it does not say."""
        client = self._client
        return client is not None and await is_guild_moderator(client, self._moderator_role, space, person_id)

    async def memberships(self, space: SpaceId, person_id: str) -> Mapping[str, str]:
        """Ask Discord what an account belongs to; nothing where it does not say."""
        return await memberships_of(self._client, space, person_id) if self._client is not None else {}

    def title(self, space: SpaceId) -> str | None:
        """Return a server's name."""
        number = space.removeprefix("discord:")
        guild = self._client.get_guild(int(number)) if self._client and number.isdecimal() else None
        return without_controls(guild.name) if guild is not None else None

    def channel_title(self, space: SpaceId, conversation: str) -> str | None:
        """Return the name of a channel or thread of a server as Discord shows it, as far as it is known here."""
        number = space.removeprefix("discord:")
        guild = self._client.get_guild(int(number)) if self._client and number.isdecimal() else None
        is_known = guild is not None and conversation.isdecimal()
        channel = guild.get_channel_or_thread(int(conversation)) if guild is not None and is_known else None
        return f"#{without_controls(channel.name)}" if channel is not None else None

    async def run(self) -> None:
        """Answer until cancelled, then let answers under way finish.

        Raises ``Unavailable`` when Discord refuses the token or the session, ``Outage`` when it cannot be reached at
        the start, and what discord.py raises for a reply that it cannot read.
        """
        try:
            try:
                await self._connect(content_intent=True)
            except discord.PrivilegedIntentsRequired:
                log.warning(
                    "Discord: the message content intent is off (Developer Portal > Bot). Mentions, direct messages, "
                    "commands and buttons work; replies without a mention and messages in AION's own threads cannot "
                    "be read."
                )
                await self._connect(content_intent=False)
        except discord.LoginFailure as error:
            raise Unavailable("discord.bad_token") from error
        except discord.ConnectionClosed as error:
            raise Unavailable(
                "discord.bad_token" if error.code == 4004 else "discord.closed", code=error.code
            ) from error
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise Outage("discord.unreachable", problem=type(error).__name__) from error

    def _new_client(self, intents: discord.Intents) -> Client:
        if self._shards == 0:
            return Client(self._api, intents, self._moderator_role, self._command_hashes)
        n_shards = None if self._shards == "auto" else self._shards
        return ShardedClient(self._api, intents, self._moderator_role, self._command_hashes, n_shards)

    async def _connect(self, *, content_intent: bool) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=content_intent)
        self._client = client = self._new_client(intents)
        async with client:
            try:
                await client.start(self._token)
            except AttributeError as error:
                if client.ws is None:  # discord.py trips over its own missing socket when the first connection fails
                    raise Outage("discord.unreachable", problem="gateway") from error
                raise
            finally:
                await client.finish()
