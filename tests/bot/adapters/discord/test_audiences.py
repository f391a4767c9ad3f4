"""The audiences of channels, threads and voice channels, as discord.py's cache knows them."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.adapters.discord.audiences import ChannelAudiences, space_in
from core.types import SpaceId
from tests.e2e.discord_things import EVERYDAY, FORUM, TEXT, THREAD, VIEW_CHANNEL, Channel, Guild, Json, Role, User

VOICE, PRIVATE_THREAD = 2, 12
CONNECT, ADMINISTRATOR = 1 << 20, 1 << 3
BOT = User("AION", bot=True)


class Server:
    """A server in the cache of a client that never connects."""

    def __init__(self) -> None:
        self.vip, self.staff = Role("VIP"), Role("Staff")
        self.admin, self.own = Role("Admin", ADMINISTRATOR), Role("AION", EVERYDAY, bot=BOT)
        self.guild = Guild("Club", [self.vip, self.staff, self.admin, self.own])
        self.guild.members[BOT] = [self.own]
        self.extra: list[Json] = []

    def channel(self, name: str, *roles: Role, kind: int = TEXT, parent: Channel | None = None) -> Channel:
        """Add a channel that only these roles, administrators and AION read; with none, everybody."""
        made = Channel(kind, name, self.guild, BOT, parent)
        if roles:
            made.overwrites = [{"id": str(self.guild.id), "type": 0, "allow": "0", "deny": str(VIEW_CHANNEL)}]
            for role in (*roles, self.admin, self.own):
                made.overwrites.append({"id": str(role.id), "type": 0, "allow": str(VIEW_CHANNEL), "deny": "0"})
        self.guild.channels.append(made)
        return made

    def client(self, **changed: Json) -> discord.Client:
        """Return a client with the server in its cache; ``changed`` are other values of the channels of that name."""
        client = discord.Client(intents=discord.Intents(guilds=True))
        client._connection.user = discord.ClientUser(state=client._connection, data=BOT.json())  # type: ignore[arg-type]
        data = self.guild.json()
        shown = [{**each.json(), **changed.get(each.name, {})} for each in self.guild.channels]
        data["channels"] = [each for each in shown if each["type"] not in (THREAD, PRIVATE_THREAD)]
        data["threads"] = [each for each in shown if each["type"] in (THREAD, PRIVATE_THREAD)]
        client._connection._add_guild_from_data(data)  # type: ignore[arg-type]
        return client

    def space(self, *readers: str) -> SpaceId:
        return SpaceId(f"discord:{self.guild.id}" + (f"/{'+'.join(readers)}" if readers else ""))


def space_at(client: discord.Client, channel: Channel) -> SpaceId:
    assert channel.guild is not None
    guild = client.get_guild(channel.guild.id)
    return space_in(guild, channel.guild.id, client.get_channel(channel.id), 9)


@pytest.fixture
def server() -> Server:
    return Server()


async def test_what_is_said_is_kept_for_who_reads_the_channel_or_the_threads_parent(server: Server) -> None:
    lobby, vips = server.channel("lobby"), server.channel("vips", server.vip)
    forum = server.channel("forum", server.vip, kind=FORUM)
    open_thread, closed_thread, post = (
        server.channel(str(n), kind=THREAD, parent=p) for n, p in enumerate((lobby, vips, forum))
    )
    secret = server.channel("secret", kind=THREAD, parent=lobby)
    client = server.client(secret={"type": PRIVATE_THREAD})
    assert space_at(client, lobby) == space_at(client, open_thread) == server.space()
    assert space_at(client, vips) == space_at(client, closed_thread) == server.space(f"channel-{vips.id}")
    assert space_at(client, post) == server.space(f"channel-{forum.id}")
    assert space_at(client, secret) == server.space(f"channel-{secret.id}")
    assert space_in(None, None, None, 9) == "discord:dm:9"
    unknown: Any = discord.Object(77)
    assert space_in(None, server.guild.id, unknown, 9) == server.space("channel-77"), "nothing is known of it"


async def test_a_place_reads_the_audiences_all_its_readers_belong_to(server: Server) -> None:
    lobby, vips = server.channel("lobby"), server.channel("vips", server.vip)
    both, staff = server.channel("both", server.vip, server.staff), server.channel("staff", server.staff)
    thread, secret = (server.channel(name, kind=THREAD, parent=vips) for name in ("thread", "secret"))
    audiences = ChannelAudiences(server.client(secret={"type": PRIVATE_THREAD}))
    channels = {each.name: server.space(f"channel-{each.id}") for each in (lobby, vips, both, staff, secret)}
    role, either = server.space(f"role-{server.vip.id}"), server.space(f"channel-{staff.id}", f"role-{server.vip.id}")
    gone, elsewhere = server.space("channel-78", "role-79"), SpaceId("discord:1/channel-78")
    known = [*channels.values(), role, either, gone, elsewhere]

    def read(place: Channel) -> set[SpaceId]:
        return set(audiences.readable(str(place.id), known))

    assert read(lobby) == {channels["lobby"]}
    assert read(vips) == read(thread) == {channels["lobby"], channels["vips"], channels["both"], role, either}
    assert read(secret) == read(vips) | {channels["secret"]}
    assert read(both) == {channels["lobby"], channels["both"]}
    assert read(staff) == {channels["lobby"], channels["both"], channels["staff"], either}
    for unknown in ("79", "telegram", ""):
        assert audiences.readable(unknown, known) == ()


async def test_a_voice_channel_that_not_all_may_join_is_read_in_itself_alone(server: Server) -> None:
    voice, lounge = server.channel("voice", kind=VOICE), server.channel("lounge", kind=VOICE)
    closed = [{"id": str(server.guild.id), "type": 0, "allow": "0", "deny": str(CONNECT)}]
    changed: dict[str, Json] = {"voice": {"bitrate": 1, "user_limit": 0}}
    changed["lounge"] = {**changed["voice"], "permission_overwrites": closed}
    client = server.client(**changed)
    for place, space in ((voice, server.space(f"channel-{voice.id}")), (lounge, server.space(f"channel-{lounge.id}"))):
        assert space_at(client, place) == space, "nobody may connect by default here"
        assert ChannelAudiences(client).readable(str(place.id), [space]) == (space,)
    assert ChannelAudiences(client).readable(str(voice.id), [server.space(f"channel-{lounge.id}")]) == ()
