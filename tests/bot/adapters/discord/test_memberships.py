"""What a member belongs to: channels that they read and not everybody does, and roles; nothing where Discord fails."""

from __future__ import annotations

import discord
import pytest

from bot.adapters.discord.memberships import memberships_of
from core.types import SpaceId
from tests.bot.adapters.discord.test_audiences import Server


async def test_a_member_belongs_to_the_channels_that_they_read(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    server.channel("general")
    vip, staff = server.channel("vip", server.vip), server.channel("staff", server.staff)
    client = server.client()
    guild = client.guilds[0]

    async def fetch_member(self: discord.Guild, number: int) -> discord.Member:
        if number == 404:
            raise discord.DiscordException("not said")
        user = {"id": str(number), "username": "ana", "discriminator": "0", "avatar": None}
        held = {"user": user, "roles": [str(server.vip.id)], "joined_at": None, "flags": 0}
        return discord.Member(data=held, guild=guild, state=client._connection)  # type: ignore[arg-type]  # a literal of Discord's

    monkeypatch.setattr(discord.Guild, "fetch_member", fetch_member)
    space = SpaceId(f"discord:{guild.id}")
    assert await memberships_of(client, space, "discord:42") == {
        f"channel-{vip.id}": "#vip",
        f"role-{server.vip.id}": "@VIP",
    }
    assert f"channel-{staff.id}" not in await memberships_of(client, space, "discord:42")
    for there, person in ((space, "discord:404"), (SpaceId("discord:9"), "discord:42"), (space, "telegram:42")):
        assert await memberships_of(client, there, person) == {}
