"""What a Discord is made of: people, roles, servers, channels, messages, and how each is written as JSON."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.discord_reading import seen

Json = dict[str, Any]

TEXT, DM, THREAD, FORUM = 0, 1, 11, 15
MANAGE_GUILD = 1 << 5
VIEW_CHANNEL = 1 << 10
EVERYDAY = VIEW_CHANNEL | (1 << 11) | (1 << 16) | (1 << 35) | (1 << 38)
SUPPRESS_EMBEDS, EPHEMERAL, LOADING, IS_COMPONENTS_V2 = 1 << 2, 1 << 6, 1 << 7, 1 << 15
SECTION, TEXT_DISPLAY, SEPARATOR, CONTAINER = 9, 10, 14, 17
_EPOCH_MS = 1_420_070_400_000
_serial = itertools.count()

SOLVED = {"id": "77", "name": "Solved", "moderated": True, "emoji_id": None, "emoji_name": "✅"}
"""The tag of a forum for posts that are."""


def every_component(components: list[Json]) -> list[Json]:
    """Return components with all that are within them, as Discord counts them."""
    found: list[Json] = []
    for each in components:
        within = [*each.get("components", []), *([each["accessory"]] if "accessory" in each else [])]
        found += [each, *every_component(within)]
    return found


def snowflake(ago_s: float = 0) -> int:
    """Return a fresh id that, as Discord's do, tells when it was made, so many seconds ago."""
    return (int((time.time() - ago_s) * 1000) - _EPOCH_MS << 22) | next(_serial) & 0x3FFFFF


def _reaction(emoji: str) -> Json:
    counts = {"burst": 0, "normal": 1}
    return {"count": 1, "count_details": counts, "me": False, "me_burst": False, "burst_colors": []} | {
        "emoji": {"id": None, "name": emoji}
    }


@dataclass(eq=False)
class User:
    name: str
    bot: bool = False
    id: int = field(default_factory=snowflake)

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def json(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name.lower(),
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
        }


@dataclass(eq=False)
class Role:
    name: str
    permissions: int = 0
    bot: User | None = None
    id: int = field(default_factory=snowflake)

    def json(self) -> Json:
        return {
            "id": str(self.id),
            "name": self.name,
            "permissions": str(self.permissions),
            "position": 1,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": self.bot is not None,
            "mentionable": False,
            "flags": 0,
            **({"tags": {"bot_id": str(self.bot.id)}} if self.bot else {}),
        }


@dataclass(eq=False, repr=False)
class Guild:
    name: str
    roles: list[Role]
    members: dict[User, list[Role]] = field(default_factory=dict)
    channels: list[Channel] = field(default_factory=list)
    n_members: int = 3
    id: int = field(default_factory=snowflake)

    def permissions(self, user: User) -> int:
        """Return what a member may do, Discord's way: everybody's permissions and those of each role."""
        granted = EVERYDAY
        for role in self.members.get(user, []):
            granted |= role.permissions
        return granted

    def member(self, user: User) -> Json:
        return {
            "roles": [str(role.id) for role in self.members.get(user, [])],
            "joined_at": "2026-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
            "nick": None,
        }

    def json(self) -> Json:
        everyone = {**Role("@everyone", EVERYDAY).json(), "id": str(self.id), "position": 0}
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": "1",
            "roles": [everyone, *(role.json() for role in self.roles)],
            "members": [{**self.member(user), "user": user.json()} for user in self.members if user.bot],
            "channels": [channel.json() for channel in self.channels if channel.kind in (TEXT, FORUM)],
            "threads": [
                channel.json() for channel in self.channels if channel.kind == THREAD and not channel.is_archived
            ],
            "member_count": len(self.members),
            "preferred_locale": "en-US",
            "features": [],
            "emojis": [],
            "stickers": [],
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "system_channel_flags": 0,
            "afk_timeout": 300,
            "large": False,
        }


@dataclass(eq=False, repr=False)
class Channel:
    kind: int
    name: str
    guild: Guild | None = None
    owner: User | None = None
    parent: Channel | None = None
    recipient: User | None = None
    is_deleted: bool = False
    is_solved: bool = False
    is_archived: bool = False
    is_closed_to_bot: bool = False
    id: int = field(default_factory=snowflake)
    overwrites: list[Json] = field(default_factory=list)

    @property
    def archived_at_s(self) -> float:
        """Return when it was archived: a day after it was opened."""
        return ((self.id >> 22) + _EPOCH_MS) / 1000 + 86_400

    def json(self) -> Json:
        common = {"id": str(self.id), "type": self.kind, "name": self.name, "last_message_id": None}
        if self.kind == DM:
            return {**common, "recipients": [self.recipient.json()] if self.recipient else []}
        guild: Json = {
            "guild_id": str(self.guild.id) if self.guild else None,
            "position": 0,
            "permission_overwrites": self.overwrites,
        }
        if self.kind == FORUM:
            tags = {"available_tags": [SOLVED], "default_reaction_emoji": None, "default_forum_layout": 0, "flags": 0}
            return {**common, **guild, **tags, "nsfw": False, "parent_id": None, "topic": None}
        if self.kind == TEXT:
            return {**common, **guild, "nsfw": False, "parent_id": None, "topic": None}
        return {
            **common,
            **guild,
            "parent_id": str(self.parent.id if self.parent else 0),
            "owner_id": str(self.owner.id if self.owner else 0),
            "message_count": 0,
            "member_count": 1,
            "applied_tags": [SOLVED["id"]] if self.is_solved else [],
            "rate_limit_per_user": 0,
            "thread_metadata": {
                "archived": self.is_archived,
                "auto_archive_duration": 1440,
                "archive_timestamp": datetime.fromtimestamp(self.archived_at_s, UTC).isoformat(),
                "locked": False,
            },
        }


@dataclass(eq=False)
class Message:
    """A message as people see it now. ``written_at`` holds the monotonic time of its sending and of every edit."""

    channel: Channel
    author: User
    content: str
    mentions: list[User] = field(default_factory=list)
    role_mentions: list[Role] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    reference: Message | None = None
    flags: int = 0
    nonce: str | None = None
    allowed_mentions: Json | None = None
    kind: int = 0
    is_deleted: bool = False
    is_pinned: bool = False
    reactions: list[str] = field(default_factory=list)
    bot_reactions: list[str] = field(default_factory=list)
    stickers: list[Json] = field(default_factory=list)
    forwarded: Message | None = None
    written_at: list[float] = field(default_factory=lambda: [time.monotonic()])
    id: int = field(default_factory=snowflake)

    @property
    def is_private(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def is_thinking(self) -> bool:
        return bool(self.flags & LOADING)

    @property
    def text(self) -> str:
        """Return what is read of it."""
        texts = [each["content"] for each in every_component(self.components) if each["type"] == TEXT_DISPLAY]
        return seen("\n".join([self.content, *texts] if texts else [self.content]))[0]

    @property
    def pings_everyone(self) -> bool:
        """Tell whether Discord would ping: a message that says nothing about mentions allows them all."""
        allowed = (self.allowed_mentions or {"parse": ["everyone"]}).get("parse", [])
        return "everyone" in allowed and ("@everyone" in self.content or "@here" in self.content)

    @property
    def buttons(self) -> dict[str, str]:
        """Return the buttons by what is on them: ``{"👍": custom_id}``."""
        rows = [each for each in every_component(self.components) if each["type"] == 2]
        return {(button.get("emoji") or {}).get("name") or button.get("label"): button["custom_id"] for button in rows}

    @property
    def menu(self) -> Json:
        """Return the menu under it."""
        [menu] = [each for each in every_component(self.components) if each["type"] in (3, 8)]
        return menu

    def json(self) -> Json:
        data: Json = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "author": self.author.json(),
            "content": self.content,
            "timestamp": "2026-01-01T00:00:00+00:00",
            "edited_timestamp": None if len(self.written_at) == 1 else "2026-01-01T00:01:00+00:00",
            "tts": False,
            "mention_everyone": False,
            "mentions": [user.json() for user in self.mentions],
            "mention_roles": [str(role.id) for role in self.role_mentions],
            "attachments": self.attachments,
            "embeds": [],
            "components": self.components,
            "pinned": self.is_pinned,
            "reactions": [_reaction(emoji) for emoji in self.reactions],
            "flags": self.flags,
            "type": 19 if self.reference and not self.kind else self.kind,
            "sticker_items": self.stickers,
        }
        if self.nonce is not None:
            data["nonce"] = self.nonce
        if self.reference:
            data["message_reference"] = {"message_id": str(self.reference.id), "channel_id": str(self.channel.id)}
            data["referenced_message"] = None if self.reference.is_deleted else self.reference.json()
        if self.forwarded:
            theirs = self.forwarded.json()
            data["message_reference"] = {"type": 1, "message_id": theirs["id"], "channel_id": theirs["channel_id"]}
            names = (
                "type",
                "content",
                "embeds",
                "attachments",
                "timestamp",
                "edited_timestamp",
                "flags",
                "sticker_items",
            )
            data["message_snapshots"] = [{"message": {name: theirs[name] for name in names}}]
        return data


@dataclass(eq=False)
class Interaction:
    """One call of a command or press of a button, and what became of it."""

    user: User
    channel: Channel
    locale: str
    kind: int
    deadline: float
    message: Message | None = None
    acknowledged: int | None = None
    original: Message | None = None
    messages: list[Message] = field(default_factory=list)
    is_expired: bool = False
    choices: list[Json] | None = None
    id: int = field(default_factory=snowflake)

    @property
    def token(self) -> str:
        return f"token-of-{self.id}"
