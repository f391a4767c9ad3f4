"""DiscordChatExporter's JSON: one file for each channel or thread.

https://github.com/Tyrrrz/DiscordChatExporter (versions 2.30 and later): ``guild``, ``channel``, ``messages``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.importing.formats.json_stream import JsonStream, map_of, maps_of, text_of
from core.importing.formats.moments import from_iso
from core.types.exported_message import ExportedMessage, Reactions

MESSAGES = "messages.item"

_WRITTEN = {"Default", "Reply", "0", "19"}


def read_discord_json(stream: JsonStream) -> Iterator[ExportedMessage]:
    """Yield what people wrote. Raises ``BrokenJson``."""
    for item in stream:
        if (message := _message(item, stream.scalars)) is not None:
            yield message


def _message(item: Mapping[str, Any], header: Mapping[str, Any]) -> ExportedMessage | None:
    author, said_at = map_of(item.get("author")), from_iso(item.get("timestamp"))
    key, text = text_of(item.get("id")), text_of(item.get("content"))
    if author.get("isBot") or text_of(item.get("type")) not in _WRITTEN or said_at is None or not key:
        return None
    kind = text_of(header.get("channel.type"))
    is_thread = "thread" in kind.lower()
    channel, channel_id = text_of(header.get("channel.name")), text_of(header.get("channel.id"))
    guild = text_of(header.get("guild.id")) or "@me"
    return ExportedMessage(
        key=key,
        channel=text_of(header.get("channel.category")) if is_thread else channel,
        author=f"discord:{text_of(author.get('id'))}",
        text=text,
        said_at=said_at,
        url=f"https://discord.com/channels/{guild}/{channel_id}/{key}",
        thread=channel if is_thread else "",
        thread_key=channel_id if is_thread else "",
        reply_to=text_of(map_of(item.get("reference")).get("messageId")),
        is_edited=bool(item.get("timestampEdited")),
        is_pinned=item.get("isPinned") is True,
        is_announced="news" in kind.lower(),
        roles=tuple(text_of(role.get("name")) for role in maps_of(author.get("roles"))),
        mentions=tuple(f"discord:{text_of(each.get('id'))}" for each in maps_of(item.get("mentions"))),
        reactions=tuple(map(_reactions, maps_of(item.get("reactions")))),
        attachments=tuple(text_of(each.get("fileName")) for each in maps_of(item.get("attachments"))),
    )


def _reactions(reaction: Mapping[str, Any]) -> Reactions:
    emoji, count = map_of(reaction.get("emoji")), reaction.get("count")
    return Reactions(text_of(emoji.get("name")) or text_of(emoji.get("code")), count if isinstance(count, int) else 1)
