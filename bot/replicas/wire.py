"""What a gateway and a core say to each other, as JSON: messages one way, events of their replies the other.

A message is as the inbox stores it (``core.storage.delivery.message_json``), with what may be read where it is and
what can be fetched of it: files and nearby messages stay at the gateway until the core asks for them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any, Protocol

from core.storage.delivery.message_json import message_from_json, message_to_json, post_from_json
from core.types import Attachment, Message, PostedMessage, SpaceId
from core.types.messages import Nearby

PATH = "/core/messages"

PING_S = 2.0
"""Seconds between signs of life of a core that has nothing to say."""

SILENT_S = 15.0
"""Seconds without a sign of life after which a core is taken for dead."""

PING = b": ping\n\n"


class MessageFetcher(Protocol):
    """Brings what belongs to a message from where it was received."""

    async def attachment(self, n: int) -> bytes:
        """Return the bytes of the ``n``-th file."""
        ...

    async def nearby(self, kind: Nearby) -> tuple[PostedMessage, ...]:
        """Return other messages of the channel."""
        ...


def message_to_wire(message: Message) -> dict[str, Any]:
    """Return a message as JSON values."""
    files = [[each.name, each.size_bytes, each.seconds] for each in message.attachments]
    fetched = {"files": files, "has_nearby": message.nearby is not None}
    return {"message": message_to_json(message), "others": list(message.others), **fetched}


def message_from_wire(sent: Mapping[str, Any], fetcher: MessageFetcher) -> Message:
    """Return the message of ``message_to_wire``; what it lacks is brought by ``fetcher`` when it is read.

    Raises ``KeyError``, ``TypeError`` or ``ValueError`` for anything else.
    """
    message, _ = message_from_json(sent["message"])
    files = tuple(
        Attachment(str(name), int(size), partial(fetcher.attachment, n), seconds)
        for n, (name, size, seconds) in enumerate(sent["files"])
    )
    nearby = fetcher.nearby if sent["has_nearby"] else None
    return replace(message, others=tuple(map(SpaceId, sent["others"])), attachments=files, nearby=nearby)


def posts_to_wire(posts: tuple[PostedMessage, ...]) -> list[dict[str, Any]]:
    """Return posted messages as JSON values."""
    return [asdict(post) | {"address": dict(post.address)} for post in posts]


def posts_from_wire(sent: list[Mapping[str, Any]]) -> tuple[PostedMessage, ...]:
    """Return the messages of ``posts_to_wire``."""
    return tuple(map(post_from_json, sent))


def event(kind: str, value: Any = None) -> bytes:
    """Return one server-sent event."""
    return f"data: {json.dumps({'kind': kind, 'value': value}, ensure_ascii=False)}\n\n".encode()


def read_event(line: str) -> tuple[str, Any] | None:
    """Return kind and value of an event's only line; ``None`` for a ping and the line between two events."""
    if not line.startswith("data:"):
        return None
    read = json.loads(line.removeprefix("data:"))
    return str(read["kind"]), read["value"]
