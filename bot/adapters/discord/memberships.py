"""What a member of a server belongs to: the channels they can read and that not everybody can, and their roles."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import aiohttp
import discord

from bot.adapters.discord.audiences import channel_readers, server_roles
from bot.adapters.discord.readers import EVERYBODY
from core.control_characters import without_controls
from core.types import SpaceId

log = logging.getLogger(__name__)

WITHIN_S = 10.0


async def memberships_of(client: discord.Client, space: SpaceId, person_id: str) -> Mapping[str, str]:
    """Return the channels and roles that an account belongs to now, as audiences name them, with their names.

    Channels that everybody reads are left out, and private threads. Empty where Discord does not say.
    """
    _, _, guild_id = space.partition("discord:")
    _, _, user_id = person_id.partition("discord:")
    guild = client.get_guild(int(guild_id)) if guild_id.isdecimal() else None
    if guild is None or not user_id.isdecimal():
        return {}
    try:
        async with asyncio.timeout(WITHIN_S):
            member = await guild.fetch_member(int(user_id))
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("no audiences, since Discord did not say: %s", type(error).__name__)
        return {}
    roles = server_roles(guild)
    channels = {
        f"channel-{channel.id}": f"#{without_controls(channel.name)}"
        for channel in guild.channels
        if not isinstance(channel, discord.CategoryChannel)
        and channel.permissions_for(member).view_channel
        and (readers := channel_readers(channel)) is not None
        and not EVERYBODY.is_within(readers, roles)
    }
    held = {f"role-{role.id}": f"@{without_controls(role.name)}" for role in member.roles if not role.is_default()}
    return channels | held
