"""The audiences of Discord's channels: the space of what is said in one, and what its readers may read besides.

Read from discord.py's cache, which follows every change of a channel, role or thread; nothing is kept here, so a
change holds from its event on. What the cache does not know is readable in its own channel alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord

from bot.adapters.discord.address import space_of
from bot.adapters.discord.readers import EVERYBODY, ChannelReaders, ServerRoles
from core.types import SpaceId, community_of, readers_of, space_of_readers


def space_in(guild: discord.Guild | None, guild_id: int | None, channel: Any, user_id: int) -> SpaceId:
    """Return the space of what is said in a channel: the server's where all its members can read it.

    Else that of those who can; in direct messages, that of the person.
    """
    community = space_of(guild_id, user_id)
    if guild_id is None:
        return community
    readers = channel_readers(channel)
    if guild is not None and readers is not None and EVERYBODY.is_within(readers, server_roles(guild)):
        return community
    is_public_thread = isinstance(channel, discord.Thread) and not channel.is_private()
    return space_of_readers(community, [f"channel-{channel.parent_id if is_public_thread else channel.id}"])


class ChannelAudiences:
    """Tells which audiences the channels of a client's servers may read (``core.ports.AudienceJudge``)."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    def readable(self, conversation: str, audiences: Sequence[SpaceId]) -> tuple[SpaceId, ...]:
        """Return those of a server's audiences that everybody who can read a channel belongs to."""
        channel = self._client.get_channel(int(conversation)) if conversation.isdecimal() else None
        guild = getattr(channel, "guild", None)
        if channel is None or guild is None:
            return ()
        roles, community = server_roles(guild), space_of(guild.id, 0)
        here = channel_readers(channel) or channel_readers(getattr(channel, "parent", None))
        return tuple(
            audience
            for audience in audiences
            if community_of(audience) == community
            and any(_is_within(channel, here, _readers(guild, each), each, roles) for each in readers_of(audience))
        )


def channel_readers(channel: Any) -> ChannelReaders | None:
    """Return who can read a channel, or a public thread of it; ``None`` where its overwrites do not tell."""
    if isinstance(channel, discord.Thread):
        return None if channel.is_private() else channel_readers(channel.parent)
    if not isinstance(channel, discord.abc.GuildChannel) or _asks_to_connect(channel):
        return None
    allowed, denied = set[int](), set[int]()
    allowed_members, denied_members = set[int](), set[int]()
    everyone, guild = None, channel.guild
    for target, overwrite in channel.overwrites.items():
        if (may := overwrite.view_channel) is None or _is_own_or_administrators(guild, target.id):
            continue
        if target.id == guild.id:
            everyone = may
        elif _is_role(target):
            (allowed if may else denied).add(target.id)
        else:
            (allowed_members if may else denied_members).add(target.id)
    return ChannelReaders(everyone, *map(frozenset, (allowed, denied, allowed_members, denied_members)))


def server_roles(guild: discord.Guild) -> ServerRoles:
    """Return the roles that view channels where no overwrite says otherwise."""
    viewing = {role.id for role in guild.roles if role.permissions.view_channel}
    own = {role.id for role in guild.roles if _is_own_or_administrators(guild, role.id)}
    return ServerRoles(guild.id in viewing, frozenset(viewing - own - {guild.id}))


def _readers(guild: discord.Guild, reader: str) -> ChannelReaders | None:
    """Return who belongs to an audience's ``channel-7`` or ``role-5``; ``None`` where that is not known."""
    kind, _, number = reader.partition("-")
    if kind == "channel":
        return channel_readers(guild.get_channel_or_thread(int(number)))
    is_known = guild.get_role(int(number)) is not None
    return ChannelReaders(everyone=False, allowed=frozenset({int(number)})) if is_known else None


def _is_within(
    channel: Any, here: ChannelReaders | None, readers: ChannelReaders | None, reader: str, roles: ServerRoles
) -> bool:
    if reader in (f"channel-{channel.id}", f"channel-{getattr(channel, 'parent_id', None)}"):
        return True
    return here is not None and readers is not None and here.is_within(readers, roles)


def _asks_to_connect(channel: discord.abc.GuildChannel) -> bool:
    """Return whether a voice channel may be seen by people who cannot join it, and so not read it."""
    if not isinstance(channel, discord.VoiceChannel | discord.StageChannel):
        return False
    may_join = channel.guild.default_role.permissions.connect
    return not may_join or any(overwrite.connect is False for overwrite in channel.overwrites.values())


def _is_role(target: discord.Role | discord.Member | discord.Object) -> bool:
    return isinstance(target, discord.Role) or (isinstance(target, discord.Object) and target.type is discord.Role)


def _is_own_or_administrators(guild: discord.Guild, id_: int) -> bool:
    """Return whether a role or a member is AION's, or the role of administrators, who read everything."""
    role = guild.get_role(id_)
    if role is None or role.id == guild.id:
        return guild.me is not None and id_ == guild.me.id
    return role.permissions.administrator or role == guild.self_role
