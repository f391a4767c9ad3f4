"""A message of a chat as exports have it, whatever the format."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Reactions:
    """How often one emoji was added to a message: a character (``✅``), or its name (``white_check_mark``)."""

    emoji: str
    n_people: int


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    """One message of a person.

    ``key`` is unique in its export. ``channel`` and ``thread`` are names that people read; ``thread`` is empty outside
    of one, ``thread_key`` its id. ``author`` is the id that AION knows a person by (``discord:42``), or the exporting
    platform's. ``said_at`` is in UTC where the export tells. ``url`` is its permalink, else an id of our own.
    """

    key: str
    channel: str
    author: str
    text: str
    said_at: datetime
    url: str
    thread: str = ""
    thread_key: str = ""
    reply_to: str = ""
    is_edited: bool = False
    is_pinned: bool = False
    is_announced: bool = False
    roles: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    reactions: tuple[Reactions, ...] = ()
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PinNotice:
    """A service message: the message with this key of the channel was pinned."""

    channel: str
    key: str


ExportEvent = ExportedMessage | PinNotice
"""What the readers of formats yield, in the order of the export."""
