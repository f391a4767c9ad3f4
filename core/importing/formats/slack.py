"""Slack's export: a folder or archive with ``users.json``, and for each channel a folder of JSON files by day."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.importing.formats.export_folder import ExportFolder
from core.importing.formats.json_stream import BrokenJson, JsonStream, map_of, maps_of, text_of
from core.importing.formats.moments import from_seconds
from core.types.exported_message import ExportedMessage, Reactions

DAY = re.compile(r"\d{4}-\d{2}-\d{2}\.json")

_MAX_USERS_BYTES = 64_000_000
_WRITTEN = {"", "thread_broadcast", "file_share", "me_message"}
_LINK = re.compile(r"<((?:https?|mailto):[^|>\s]{1,2000})(?:\|([^>]{0,500}))?>")
_CHANNEL = re.compile(r"<#\w{1,30}\|([^>]{0,100})>")
_USER = re.compile(r"<@(\w{1,30})(?:\|[^>]{0,100})?>")
_EVERYONE = re.compile(r"<!(channel|here|everyone)(?:\|[^>]{0,100})?>")


def read_slack(folder: ExportFolder) -> Iterator[ExportedMessage]:
    """Yield what people wrote, channel by channel, day by day. Raises ``BrokenJson``."""
    bots = _bots(folder)
    for channel in folder.folders():
        for file in sorted(name for name in channel.files() if DAY.fullmatch(name)):
            with channel.open(file) as stream:
                for item in JsonStream(stream, frozenset(("item",))):
                    if item.get("user") not in bots and (message := _message(item, channel.name)) is not None:
                        yield message


def _bots(folder: ExportFolder) -> frozenset[str]:
    if "users.json" not in folder.files():
        return frozenset()
    with folder.open("users.json") as stream:
        data = stream.read(_MAX_USERS_BYTES)
    try:
        users = maps_of(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise BrokenJson(str(error)) from None
    return frozenset(text_of(user.get("id")) for user in users if user.get("is_bot"))


def _message(item: Mapping[str, Any], channel: str) -> ExportedMessage | None:
    stamp, user = text_of(item.get("ts")), text_of(item.get("user"))
    said_at = from_seconds(stamp)
    if said_at is None or not user or text_of(item.get("subtype")) not in _WRITTEN or item.get("bot_id"):
        return None
    thread, said = text_of(item.get("thread_ts")), text_of(item.get("text"))
    files = (text_of(each.get("name")) for each in maps_of(item.get("files")))
    return ExportedMessage(
        key=f"{channel}:{stamp}",
        channel=channel,
        author=f"slack:{user}",
        text=_plain(said),
        said_at=said_at,
        url=f"slack://{channel}/p{stamp.replace('.', '')}",
        thread_key=f"{channel}:{thread}" if thread else "",
        is_edited=bool(map_of(item.get("edited"))),
        is_pinned=bool(item.get("pinned_to")),
        mentions=tuple(f"slack:{each}" for each in _USER.findall(said)),
        reactions=tuple(map(_reactions, maps_of(item.get("reactions")))),
        attachments=tuple(filter(None, files)),
    )


def _reactions(reaction: Mapping[str, Any]) -> Reactions:
    count = reaction.get("count")
    return Reactions(text_of(reaction.get("name")), count if isinstance(count, int) else 1)


def _plain(text: str) -> str:
    """Return Slack's markup as people read it; mentions as ``@…``."""
    text = _LINK.sub(lambda match: f"{match[2]} ({match[1]})" if match[2] else match[1], text)
    text = _CHANNEL.sub(r"#\1", _USER.sub("@…", _EVERYONE.sub(r"@\1", text)))
    return html.unescape(text)
