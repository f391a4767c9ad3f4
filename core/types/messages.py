"""People and their messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.types.base import Platform, SpaceId
from core.types.exported_message import ExportedMessage
from core.types.scope import Scope


@dataclass(frozen=True, slots=True)
class Person:
    """The sender of a message. ``id`` is the platform's (``discord:42``); only a keyed hash of it is stored.

    ``may_teach``: may call commands that store documents; moderators may anyway. ``roles`` are the names and ids of the
    roles they hold where the platform has roles; ``is_trusted``: their replies teach.
    """

    id: str
    name: str
    is_moderator: bool = False
    may_teach: bool = False
    roles: tuple[str, ...] = ()
    is_trusted: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file attached to a message; ``read`` downloads it, and is called after the size was accepted.

    ``seconds`` is the length of a voice message, ``None`` for any other file.
    """

    name: str
    size_bytes: int
    read: Callable[[], Awaitable[bytes]]
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """A posted message to be taught from; ``url`` is its permalink, ``address`` serves to reply to it.

    ``is_marked``: somebody marked it as helpful, by a reaction. ``key`` is that of the message, as in ``Message``.
    """

    author: Person
    text: str
    url: str
    is_marked: bool = False
    address: Mapping[str, str] = field(default_factory=dict)
    key: str = ""


HistoryReader = Callable[[datetime, int], Awaitable[tuple[ExportedMessage, ...]]]
"""Fetches what people said in a channel since a moment: at most so many messages, the last ones, oldest first."""

Nearby = Literal["pins", "thread"]
"""Which other messages of a channel to fetch: the pinned ones, or the thread from its first message on."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of any platform: a question or a command.

    ``key`` (``discord:<message id>``) is unique and permanent, so a redelivery is recognised.
    ``conversation`` is the channel, thread or chat it is in; ``branched_from`` the channel a thread was opened in.
    ``command`` is ``None`` for a question. ``locale`` is the person's language tag (``pt-BR``), if known.
    ``addressed`` is false for one to nobody, in a channel where AION may answer such messages.
    ``address`` is what its adapter needs to reply after a restart; empty where that is impossible.
    ``declined`` is the id of the answer shown by the message it replies to, where AION declined or was not sure.
    ``named`` are the people that it names by an argument or a mention.
    ``quoted`` are the messages it replies to or was called on. ``nearby`` fetches others of the channel; ``None``
    where the platform cannot, and after a restart; ``history``, what was said in it lately, likewise. ``others`` are
    what else may be read there (``Scope.others``).
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
    declined: int | None = None
    nearby: Callable[[Nearby], Awaitable[tuple[PostedMessage, ...]]] | None = None
    history: HistoryReader | None = None
    named: tuple[Person, ...] = ()
    others: tuple[SpaceId, ...] = ()

    @property
    def scope(self) -> Scope:
        """Return what may be read where the message is."""
        return Scope(self.space, self.others)


@dataclass(frozen=True, slots=True)
class HeardMessage:
    """A message that people wrote to each other, as an adapter hears it.

    ``message`` says who wrote what and where; its ``addressed`` is true where it is meant for AION all the same.
    ``reply_to`` is the key of the message it replies to; ``in_thread``: it was said in a thread, whose id is that of
    the message it was opened on, if any. ``moderates`` tells whether its author moderates, which may take a request.
    """

    message: Message
    said_at: datetime
    moderates: Callable[[], Awaitable[bool]]
    reply_to: str = ""
    in_thread: bool = False
