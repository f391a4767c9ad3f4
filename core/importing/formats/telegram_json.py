"""Telegram Desktop's ``result.json``: of one chat, or of all chats of an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.importing.formats.json_stream import JsonStream, map_of, maps_of, text_of
from core.importing.formats.moments import from_iso, from_seconds
from core.types.exported_message import ExportedMessage, ExportEvent, PinNotice, Reactions

OF_ONE_CHAT, OF_AN_ACCOUNT = "messages.item", "chats.list.item.messages.item"

_CHANNELS = ("public_channel", "private_channel")


def read_telegram_json(stream: JsonStream) -> Iterator[ExportEvent]:
    """Yield what people wrote and what was pinned. Raises ``BrokenJson``."""
    topics: dict[str, str] = {}
    for item in stream:
        chat = _Chat.of(stream.scalars)
        if item.get("type") == "message":
            if (message := chat.message(item, topics)) is not None:
                yield message
        elif item.get("action") == "pin_message":
            yield PinNotice(chat.name, f"{chat.id}:{text_of(item.get('message_id'))}")
        elif item.get("action") == "topic_created":
            topics[text_of(item.get("id"))] = text_of(item.get("title"))


class _Chat:
    """The chat whose messages are read."""

    def __init__(self, name: str, number: str, kind: str) -> None:
        self.name, self.id, self._is_channel = name, number, kind in _CHANNELS

    @classmethod
    def of(cls, scalars: Mapping[str, Any]) -> _Chat:
        prefix = "chats.list.item." if "chats.list.item.id" in scalars else ""
        name, number, kind = (text_of(scalars.get(prefix + each)) for each in ("name", "id", "type"))
        return cls(name, number, kind)

    def message(self, item: Mapping[str, Any], topics: Mapping[str, str]) -> ExportedMessage | None:
        said_at = from_seconds(item.get("date_unixtime")) or from_iso(item.get("date"))
        number, text = text_of(item.get("id")), _text(item.get("text"))
        if said_at is None or not number or item.get("via_bot"):
            return None
        reply_to = text_of(item.get("reply_to_message_id"))
        topic = topics.get(reply_to, "")  # the first messages of a topic reply to its creation
        return ExportedMessage(
            key=f"{self.id}:{number}",
            channel=topic or self.name,
            author=_author(item),
            text=text,
            said_at=said_at,
            url=f"https://t.me/c/{self.id}/{number}",
            reply_to=f"{self.id}:{reply_to}" if reply_to and not topic else "",
            is_edited=bool(item.get("edited")),
            is_announced=self._is_channel,
            reactions=tuple(map(_reactions, maps_of(item.get("reactions")))),
            attachments=tuple(filter(None, [text_of(item.get("file_name"))])),
        )


def _author(item: Mapping[str, Any]) -> str:
    """Return the author's id as the Bot API has it: a channel's begins with -100."""
    number = text_of(item.get("from_id"))
    if number.startswith("user"):
        return f"telegram:{number.removeprefix('user')}"
    return f"telegram:-100{number.removeprefix('channel')}"


def _text(value: object) -> str:
    """Return the text of a message, which is a text, or a list of texts and of objects with a ``text``."""
    if not isinstance(value, list):
        return text_of(value)
    return "".join(text_of(map_of(each).get("text")) if isinstance(each, dict) else text_of(each) for each in value)


def _reactions(reaction: Mapping[str, Any]) -> Reactions:
    count = reaction.get("count")
    return Reactions(text_of(reaction.get("emoji")), count if isinstance(count, int) else 1)
