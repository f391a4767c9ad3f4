"""People, and what they send."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.types.ground import Platform, SpaceId


@dataclass(frozen=True, slots=True)
class Person:
    """Who sent a message. ``id`` is the platform's own (``discord:42``); storage keeps a keyed hash of it."""

    id: str
    name: str
    is_moderator: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message; ``read`` fetches its bytes, and is only called once the size is accepted."""

    name: str
    size_bytes: int
    read: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """Something said in a channel, to be learned from: ``url`` leads to it, ``address`` is for replying there.

    ``is_marked``: somebody marked it as what helped.
    """

    author: Person
    text: str
    url: str
    is_marked: bool = False
    address: Mapping[str, str] = field(default_factory=dict)


Nearby = Literal["pins", "thread"]
"""What else was said where a message was: pinned messages, or the thread from its first message on."""


@dataclass(frozen=True, slots=True)
class Message:
    """One thing a person said, whatever the platform.

    ``key`` names the message on its platform for ever (``discord:<message id>``), so a redelivery is recognised.
    ``conversation`` is the channel, thread or chat it was said in; ``branched_from`` the one a thread was opened in.
    ``command`` is ``None`` for a plain question. ``locale`` is the platform's own tag for the person (``pt-BR``), where
    it gives one.
    ``addressed`` is false for what was overheard in a channel where AION may answer unasked.
    ``address`` is all its adapter needs to reply after a restart; empty where that cannot be.
    ``quoted`` is what it is about: what was replied to or chosen from a menu. ``nearby`` fetches what else was said
    there, where the platform can and the message has not been through a restart.
    """

    key: str
    platform: Platform
    space: SpaceId
    conversation: str
    person: Person
    text: str
    locale: str | None = None
    command: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    branched_from: str | None = None
    addressed: bool = True
    address: Mapping[str, str] = field(default_factory=dict)
    quoted: tuple[PostedMessage, ...] = ()
    nearby: Callable[[Nearby], Awaitable[tuple[PostedMessage, ...]]] | None = None
