"""DiscordChatExporter's HTML. Times are those in the messages' ids: the written ones follow some country's form.

A message has its permalink where the page tells the server's id, by its icon, and the file's name the channel's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from core.importing.formats.html_stream import classes, elements, find, find_all, text_within
from core.importing.formats.moments import from_snowflake
from core.types.exported_message import ExportedMessage, Reactions

_MESSAGE = "chatlog__message-container"
_PREAMBLE = "preamble__entry"
_ICON = "preamble__guild-icon-container"
_MARKS = frozenset((_MESSAGE, _PREAMBLE, _ICON))
_GUILD = re.compile(r"/icons/(\d{15,20})/")
_CHANNEL = re.compile(r"\[(\d{15,20})\]")
_TARGET = re.compile(r"scrollToMessage\(event,\s*'(\d{1,20})'\)")


def read_discord_html(stream: BinaryIO, name: str) -> Iterator[ExportedMessage]:
    """Yield what people wrote in the file ``name``. Raises ``BrokenHtml``."""
    names: list[str] = []
    place, channel_id = "discord-html:", _CHANNEL.search(name)
    author, is_bot = "", False
    for element in elements(stream, _MARKS):
        if _PREAMBLE in classes(element):
            names.append(text_within(element).strip())
            continue
        if _ICON in classes(element):
            guild_id = _GUILD.search(next((icon.get("src") or "" for icon in element.iter("img")), ""))
            if guild_id and channel_id:
                place = f"https://discord.com/channels/{guild_id[1]}/{channel_id[1]}/"
            continue
        if (header := find(element, "chatlog__author")) is not None:  # those after the first of a group have none
            author, is_bot = _author(header), find(element, "chatlog__author-tag") is not None
        if not is_bot and (message := _message(element, author, names, place)) is not None:
            yield message


def _message(element: etree._Element, author: str, names: list[str], place: str) -> ExportedMessage | None:
    key = element.get("data-message-id") or (element.get("id") or "").rpartition("-")[2]
    said_at = from_snowflake(key)
    content = find(element, "chatlog__content")
    if said_at is None or not author or find(element, "chatlog__system-notification-content") is not None:
        return None
    edited = find(element, "chatlog__edited-timestamp")
    if edited is not None:
        edited.clear(keep_tail=True)
    channel = names[1] if len(names) > 1 else ""
    return ExportedMessage(
        key=key,
        channel=channel.rpartition(" / ")[2],
        author=author,
        text=text_within(content).strip(),
        said_at=said_at,
        url=f"{place}{key}",
        reply_to=_replied_to(element),
        is_edited=edited is not None,
        is_pinned=f"{_MESSAGE}--pinned" in classes(element),
        reactions=tuple(_reactions(each) for each in find_all(element, "chatlog__reaction")),
        attachments=tuple(text_within(each).strip() for each in find_all(element, "chatlog__attachment-generic-name")),
    )


def _author(header: etree._Element) -> str:
    number = header.get("data-user-id")
    return f"discord:{number}" if number else f"discord-name:{header.get('title') or text_within(header)}"


def _replied_to(element: etree._Element) -> str:
    link = find(element, "chatlog__reply-link")
    match = _TARGET.search(link.get("onclick") or "") if link is not None else None
    return match[1] if match else ""


def _reactions(element: etree._Element) -> Reactions:
    count = text_within(find(element, "chatlog__reaction-count")).strip()
    picture = next(element.iter("img"), None)
    emoji = (picture.get("alt") or "") if picture is not None else text_within(element).split(" ")[0].strip()
    return Reactions(emoji, int(count) if count.isdecimal() and len(count) < 7 else 1)
