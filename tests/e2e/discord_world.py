"""The people's side of ``discord_server``: who is there, what they do, and what they see."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from discord_things import (
    DM,
    EVERYDAY,
    FORUM,
    MANAGE_GUILD,
    TEXT,
    THREAD,
    VIEW_CHANNEL,
    Channel,
    Guild,
    Interaction,
    Json,
    Message,
    Role,
    User,
    snowflake,
)

from tests.e2e.platform_limits import Meter

ACKNOWLEDGE_WITHIN_S = 3.0
MESSAGE_CONTENT = 1 << 15
PATIENCE_S = 60.0
"""How long anything is waited for; nothing is the worse for a machine that is busy."""


@dataclass(frozen=True)
class Call:
    """One request of the bot. ``body`` is its JSON; ``status`` is 0 where the connection was cut."""

    at: float
    method: str
    path: str
    body: Any
    status: int


@dataclass(eq=False)
class Session:
    """A gateway session: every event it was ever due, and how many its present socket was sent.

    ``shard`` and ``n_shards`` as it was identified: it is due the events of its share of the servers.
    """

    intents: int
    shard: int = 0
    n_shards: int = 1
    id: str = field(default_factory=lambda: str(snowflake()))
    events: list[Json] = field(default_factory=list)
    n_sent: int = 0
    socket: web.WebSocketResponse | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, name: str, data: Any) -> None:
        """Queue an event."""
        self.events.append({"t": name, "d": data})
        self.wake.set()


class World:
    """One application, and the people and servers it can talk to."""

    def __init__(self) -> None:
        self.token = "right.token.of-the-bot"
        self.bot = User("AION", bot=True)
        self.refuse_content_intent = False
        self.refuse_gateway = False
        self.refuse_commands = False
        self.bucket: tuple[int, float] | None = None
        self.n_over_bucket = 0
        self.meter: Meter | None = None
        self.guilds: list[Guild] = []
        self.people: dict[int, User] = {}
        self.closed_to_bot: set[User] = set()
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.commands: list[Json] = []
        self.n_syncs = 0
        self.calls: list[Call] = []
        self.typing: list[tuple[float, int]] = []
        self.unhandled: list[str] = []
        self.sessions: dict[str, Session] = {}
        self.n_identified = self.n_resumed = 0
        self._session: Session | None = None
        self._interactions: dict[int, Interaction] = {}
        self._files: dict[str, bytes] = {}
        self._changed = asyncio.Event()
        self.port = 0

    # --- people, servers, channels ----------------------------------------------------------------------------------

    def person(self, name: str, *, bot: bool = False) -> User:
        """Return somebody new; whoever is ``closed_to_bot`` gets no direct messages of the bot."""
        user = User(name, bot)
        self.people[user.id] = user
        return user

    def guild(
        self, name: str, *, moderators: list[User] | None = None, roles: dict[str, list[User]] | None = None
    ) -> Guild:
        """Make a server with the bot in it; ``moderators`` hold a role with Manage Server."""
        bots = Role("AION", EVERYDAY, bot=self.bot)
        staff = Role("Staff", MANAGE_GUILD)
        others = {role: users for title, users in (roles or {}).items() for role in [Role(title)]}
        guild = Guild(name, [bots, staff, *others])
        guild.members[self.bot] = [bots]
        for role, users in {staff: moderators or [], **others}.items():
            for user in users:
                guild.members.setdefault(user, []).append(role)
        self.guilds.append(guild)
        self._emit("GUILD_CREATE", guild.json())
        return guild

    def channel(self, guild: Guild, name: str) -> Channel:
        """Make a text channel."""
        channel = self._add(Channel(TEXT, name, guild))
        self._emit("CHANNEL_CREATE", channel.json())
        return channel

    def let_view(self, channel: Channel, *roles: Role) -> None:
        """Let only these roles, and AION, view a channel from now on; with none, everybody."""
        guild = channel.guild
        assert guild is not None
        shown = [role for role in guild.roles if role in roles or role.bot]
        channel.overwrites = [_overwrite(guild.id, deny=VIEW_CHANNEL)] if roles else []
        channel.overwrites += [_overwrite(role.id, allow=VIEW_CHANNEL) for role in shown if roles]
        self._emit("CHANNEL_UPDATE", channel.json())

    def forum(self, guild: Guild, name: str) -> Channel:
        """Make a forum, whose posts are threads."""
        channel = self._add(Channel(FORUM, name, guild))
        self._emit("CHANNEL_CREATE", channel.json())
        return channel

    def thread(
        self, parent: Channel, owner: User, name: str = "thread", *, ago_s: float = 0, is_archived: bool = False
    ) -> Channel:
        """Make a thread that ``owner`` opened, so many seconds ago."""
        channel = self._add(Channel(THREAD, name, parent.guild, owner, parent, id=snowflake(ago_s)))
        channel.is_archived = is_archived
        if is_archived:
            return channel
        self._emit("THREAD_CREATE", channel.json())
        return channel

    def dm(self, user: User) -> Channel:
        """Return a person's direct messages with the bot."""
        known = next((channel for channel in self.channels.values() if channel.recipient is user), None)
        return known or self._add(Channel(DM, "", recipient=user))

    def _add(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        if channel.guild:
            channel.guild.channels.append(channel)
        return channel

    def delete_channel(self, channel: Channel) -> None:
        """Take a channel away, its messages included."""
        channel.is_deleted = True
        self._emit("CHANNEL_DELETE", channel.json())

    def delete_message(self, message: Message) -> None:
        """Take a message away, as a moderator would."""
        message.is_deleted = True
        ids = {"id": str(message.id), "channel_id": str(message.channel.id)}
        if message.channel.guild is not None:
            ids["guild_id"] = str(message.channel.guild.id)
        self._emit("MESSAGE_DELETE", ids)

    # --- what people do ---------------------------------------------------------------------------------------------

    def say(
        self,
        channel: Channel,
        author: User,
        text: str,
        *,
        mentions_bot: bool = False,
        mentions: list[User] | None = None,
        reply_to: Message | None = None,
        files: dict[str, bytes] | None = None,
        stickers: list[str] | None = None,
        ago_s: float = 0,
    ) -> Message:
        """Write a message, so many seconds ago. A reply pings whom it answers only if ``mentions`` says so."""
        mentioned = [*(mentions or []), *([self.bot] if mentions_bot else [])]
        content = f"{self.bot.mention} {text}" if mentions_bot else text
        uploads = [self.upload(name, data) for name, data in (files or {}).items()]
        number = snowflake(ago_s)
        message = Message(channel, author, content, mentioned, attachments=uploads, reference=reply_to, id=number)
        message.stickers = [{"id": str(snowflake()), "name": name, "format_type": 1} for name in stickers or []]
        self.messages[message.id] = message
        self._emit_message(message)
        return message

    def forward(self, message: Message, author: User, channel: Channel) -> Message:
        """Forward a message to a channel, which says nothing itself."""
        made = Message(channel, author, "", forwarded=message)
        self.messages[made.id] = made
        self._emit_message(made)
        return made

    def edit(self, message: Message, text: str, *, later_s: float = 0) -> None:
        """Change what a message says; ``later_s`` seconds later than now, for all that its timestamps tell."""
        mention = f"{self.bot.mention} " if self.bot in message.mentions else ""
        message.content = mention + text
        edited_at = datetime.now(UTC) + timedelta(seconds=later_s)
        self._emit_message(message, "MESSAGE_UPDATE", {"edited_timestamp": edited_at.isoformat()})

    def upload(self, name: str, data: bytes) -> Json:
        """Put a file on the CDN and return it as an attachment."""
        number = str(snowflake())
        self._files[f"{number}/{name}"] = data
        url = f"http://127.0.0.1:{self.port}/cdn/{number}/{name}"
        return {"id": number, "filename": name, "size": len(data), "url": url, "proxy_url": url}

    def forget_files(self) -> None:
        """Take every uploaded file off the CDN."""
        self._files.clear()

    def slash(
        self,
        name: str,
        user: User,
        channel: Channel,
        /,
        *,
        locale: str = "en-US",
        **options: str | tuple[str, bytes] | Role | User | Channel,
    ) -> Interaction:
        """Call a slash command. Raises ``LookupError`` on a command or option the bot has not declared."""
        command = self._command(name, 1)
        declared = {option["name"]: option for option in command.get("options", [])}
        missing = [key for key, option in declared.items() if option.get("required") and key not in options]
        if missing or (unknown := options.keys() - declared.keys()):
            raise LookupError(f"/{name}: {missing=} {unknown=}")
        given: list[Json] = []
        resolved: Json = {kind: {} for kind in ("attachments", "roles", "users", "members", "channels")}
        for key, value in options.items():
            if isinstance(value, tuple):
                upload = self.upload(*value)
                resolved["attachments"][upload["id"]] = upload
                value = upload["id"]
            elif not isinstance(value, str):
                value = self._resolve(value, channel, resolved)
            given.append({"name": key, "type": declared[key]["type"], "value": value})
        data = {
            "id": command["id"],
            "name": name,
            "type": 1,
            "options": given,
            "resolved": resolved,
        }
        return self._interact(2, user, channel, locale, data)

    def _resolve(self, thing: Role | User | Channel, channel: Channel, resolved: Json) -> str:
        """Note what an option means as Discord shows it, and return its id."""
        number = str(thing.id)
        if isinstance(thing, Role):
            resolved["roles"][number] = thing.json()
        elif isinstance(thing, Channel):
            resolved["channels"][number] = {**thing.json(), "permissions": "0"}
        else:
            resolved["users"][number] = thing.json()
            if channel.guild is not None:
                resolved["members"][number] = {**channel.guild.member(thing), "permissions": "0"}
        return number

    def type_option(self, name: str, user: User, channel: Channel, option: str, typed: str) -> Interaction:
        """Type an option of a slash command, for which the bot may offer completions."""
        command = self._command(name, 1)
        declared = next(each for each in command["options"] if each["name"] == option)
        if not declared.get("autocomplete"):
            raise LookupError(f"/{name} offers nothing for {option}")
        given = [{"name": option, "type": declared["type"], "value": typed, "focused": True}]
        data = {"id": command["id"], "name": name, "type": 1, "options": given}
        return self._interact(4, user, channel, "en-US", data)

    def menu(self, name: str, message: Message, user: User, *, locale: str = "en-US") -> Interaction:
        """Choose an entry of a message's Apps menu."""
        command = self._command(name, 3)
        resolved = {"messages": {str(message.id): message.json()}}
        data = {"id": command["id"], "name": name, "type": 3, "target_id": str(message.id), "resolved": resolved}
        return self._interact(2, user, message.channel, locale, data)

    def press(self, message: Message, button: str, user: User, *, locale: str = "en-US") -> Interaction:
        """Press a button by what is on it."""
        data = {"custom_id": message.buttons[button], "component_type": 2}
        return self._interact(3, user, message.channel, locale, data, message)

    def pick(self, message: Message, chosen: str | Channel, user: User, *, locale: str = "en-US") -> Interaction:
        """Choose an option of a message's menu by its label, or a channel in a menu of channels."""
        menu = message.menu
        data: Json = {"custom_id": menu["custom_id"], "component_type": menu["type"]}
        if isinstance(chosen, str):
            data["values"] = [each["value"] for each in menu["options"] if each["label"] == chosen]
            if not data["values"]:
                raise LookupError(f"the menu has no option {chosen!r}")
        else:
            if chosen.guild != message.channel.guild or chosen.json()["type"] not in menu["channel_types"]:
                raise LookupError(f"the menu does not offer {chosen}")
            data["values"] = [str(chosen.id)]
            data["resolved"] = {"channels": {str(chosen.id): {**chosen.json(), "permissions": "0"}}}
        return self._interact(3, user, message.channel, locale, data, message)

    def _command(self, name: str, kind: int) -> Json:
        found = [each for each in self.commands if (each["name"], each.get("type", 1)) == (name, kind)]
        if not found:
            raise LookupError(f"the bot has not declared {name!r}")
        return found[0]

    def _interact(
        self, kind: int, user: User, channel: Channel, locale: str, data: Json, message: Message | None = None
    ) -> Interaction:
        made = Interaction(user, channel, locale, kind, time.monotonic() + ACKNOWLEDGE_WITHIN_S, message)
        self._interactions[made.id] = made
        event: Json = {
            "id": str(made.id),
            "application_id": str(self.bot.id),
            "type": kind,
            "token": made.token,
            "version": 1,
            "data": data,
            "channel": channel.json(),
            "channel_id": str(channel.id),
            "locale": locale,
            "app_permissions": str(EVERYDAY),
            "entitlements": [],
            "authorizing_integration_owners": {},
            "context": 0 if channel.guild else 1,
            "attachment_size_limit": 10_000_000,
        }
        if message is not None:
            event["message"] = message.json()
        if channel.guild is None:
            event["user"] = user.json()
        else:
            permissions = str(channel.guild.permissions(user))
            event["member"] = {**channel.guild.member(user), "user": user.json(), "permissions": permissions}
            event["guild_id"] = str(channel.guild.id)
            event["guild_locale"] = "en-US"
        self._emit("INTERACTION_CREATE", event)
        return made

    # --- what people see --------------------------------------------------------------------------------------------

    @property
    def shown(self) -> list[Message]:
        """Return the bot's messages as they are now, oldest first; a "thinking…" is none yet."""
        own = [message for message in self.messages.values() if message.author is self.bot]
        return [message for message in own if not message.is_deleted and not message.is_thinking]

    async def wait_until(self, condition: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
        """Return the condition's first true value. Raises ``TimeoutError`` with what the bot did instead."""
        try:
            async with asyncio.timeout(patience_s):
                while not (value := condition()):
                    self._changed.clear()
                    await self._changed.wait()
                return value
        except TimeoutError:
            calls = [f"{call.method} {call.path} {call.status} {call.body}" for call in self.calls[-15:]]
            raise TimeoutError("\n".join(["nothing of the kind happened. The bot's last calls:", *calls])) from None

    async def wait_for_bot(self, n_identified: int = 1) -> None:
        """Wait until the bot has a gateway session, and has sent its commands."""
        await self.wait_until(lambda: self.n_identified >= n_identified and (self.commands or self.refuse_commands))

    async def wait_for_message(
        self, wanted: Callable[[Message], Any] = lambda message: True, patience_s: float = PATIENCE_S
    ) -> Message:
        """Return the first message of the bot that is as ``wanted``."""
        found: Message = await self.wait_until(lambda: next(filter(wanted, self.shown), None), patience_s)
        return found

    async def wait_for_reply(self, interaction: Interaction) -> Message:
        """Return the first visible message that answers an interaction."""
        found: Message = await self.wait_until(
            lambda: next((m for m in interaction.messages if not m.is_thinking and not m.is_deleted), None)
        )
        return found

    # --- events -----------------------------------------------------------------------------------------------------

    def _emit(self, name: str, data: Any) -> None:
        """Queue an event for the bot, connected or not; without any session it is lost, as on Discord."""
        if (session := self._session_of(data)) is not None:
            session.add(name, data)
        self._changed.set()

    def _session_of(self, data: Any) -> Session | None:
        """Return the session that is due an event: that of the shard of its server; the latest without shards."""
        if self._session is None or self._session.n_shards == 1:
            return self._session
        shard = self.shard_of(int(data.get("guild_id") or 0), self._session.n_shards)
        return next((each for each in reversed(self.sessions.values()) if each.shard == shard), None)

    @staticmethod
    def shard_of(guild_id: int, n_shards: int) -> int:
        """Return the shard of a server, as Discord computes it; private messages are the first one's."""
        return (guild_id >> 22) % n_shards

    def _emit_message(self, message: Message, event: str = "MESSAGE_CREATE", about: Json | None = None) -> None:
        """Queue a message, its content left out where the bot may not read it."""
        data: Json = {**message.json(), "channel_type": message.channel.kind}
        if guild := message.channel.guild:
            data |= {"guild_id": str(guild.id), "member": guild.member(message.author)}
        may_read = guild is None or message.author is self.bot or self.bot in message.mentions
        if self._session and not may_read and not self._session.intents & MESSAGE_CONTENT:
            data |= {"content": "", "attachments": [], "components": []}
        self._emit(event, data | (about or {}))


def _overwrite(id_: int, *, allow: int = 0, deny: int = 0) -> Json:
    """Return a permission overwrite of a role."""
    return {"id": str(id_), "type": 0, "allow": str(allow), "deny": str(deny)}
