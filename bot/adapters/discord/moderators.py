"""Who moderates a server, as Discord says when it is asked; events say it of their own senders."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import discord

from bot.adapters.discord.translate import person_of
from core.types import SpaceId

log = logging.getLogger(__name__)

WITHIN_S = 10.0


async def is_guild_moderator(
    client: discord.Client, moderator_role: str | None, space: SpaceId, person_id: str
) -> bool:
    """Ask Discord for an account's roles now; ``False`` for one that left, and where Discord does not say.

    Nobody moderates direct messages: what is allowed there is the core's to say.
    """
    _, _, guild_id = space.partition("discord:")
    _, _, user_id = person_id.partition("discord:")
    guild = client.get_guild(int(guild_id)) if guild_id.isdecimal() else None
    if guild is None or not user_id.isdecimal():
        return False
    try:
        async with asyncio.timeout(WITHIN_S):
            member = await guild.fetch_member(int(user_id))
    except discord.NotFound:
        return False
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("taken for no moderator, since Discord did not say: %s", type(error).__name__)
        return False
    return person_of(member, moderator_role).is_moderator
