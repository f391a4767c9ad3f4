"""Writes a synthetic history in the formats of exports, as the exporting programs do."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.header import Header
from pathlib import Path
from typing import Any

from tests.chat_history import Said

GUILD, CHANNEL = "700000000000000001", "700000000000000002"
_DISCORD_EPOCH_MS = 1_420_070_400_000


def snowflake(said: Said) -> str:
    return str(((int(said.at.timestamp() * 1000) - _DISCORD_EPOCH_MS) << 22) + said.n)


def discord_message(said: Said, ids: dict[int, str], **more: Any) -> dict[str, Any]:
    roles = [{"id": "5", "name": "Helper", "color": None, "position": 1}] if said.is_helper else []
    return {
        "id": ids[said.n],
        "type": "Reply" if said.reply_to else "Default",
        "timestamp": said.at.isoformat(),
        "timestampEdited": None,
        "isPinned": said.is_pinned,
        "content": said.text,
        "author": {"id": str(9000 + said.author), "name": f"member{said.author}", "isBot": False, "roles": roles},
        "attachments": [],
        "embeds": [],
        "reactions": [{"emoji": {"id": "", "name": emoji, "code": "x"}, "count": n} for emoji, n in said.reactions],
        "mentions": [],
        **(
            {"reference": {"messageId": ids[said.reply_to], "channelId": CHANNEL, "guildId": GUILD}}
            if said.reply_to
            else {}
        ),
        **more,
    }


def write_discord_json(path: Path, messages: Iterable[Said], kind: str = "GuildTextChat", name: str = "help") -> None:
    """Write one channel, or one thread."""
    ids: dict[int, str] = {}
    head = {
        "guild": {"id": GUILD, "name": "The Shed", "iconUrl": ""},
        "channel": {"id": CHANNEL, "type": kind, "categoryId": "1", "category": "Rooms", "name": name, "topic": None},
        "dateRange": {"after": None, "before": None},
        "exportedAt": "2026-01-01T00:00:00+00:00",
    }
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head, indent=2)[:-2] + ',\n  "messages": [\n')
        n = 0
        for n, said in enumerate(messages, 1):
            ids[said.n] = snowflake(said)
            file.write((",\n" if n > 1 else "") + json.dumps(discord_message(said, ids), ensure_ascii=False, indent=4))
        file.write(f'\n  ],\n  "messageCount": {n}\n}}\n')


def write_discord_threads(folder: Path, messages: Sequence[Said]) -> None:
    """Write a channel and its threads, each in a file of its own."""
    folder.mkdir()
    write_discord_json(folder / "help.json", [said for said in messages if not said.thread])
    threads = dict.fromkeys(said.thread for said in messages if said.thread)
    for n, thread in enumerate(threads):
        own = [said for said in messages if said.thread == thread]
        write_discord_json(folder / f"thread-{n}.json", own, "GuildPublicThread", thread)


def write_telegram_json(path: Path, messages: Iterable[Said], *, pin: int | None = None) -> None:
    items: list[dict[str, Any]] = []
    for said in messages:
        item: dict[str, Any] = {
            "id": said.n,
            "type": "message",
            "date": said.at.strftime("%Y-%m-%dT%H:%M:%S"),
            "date_unixtime": str(int(said.at.timestamp())),
            "from": f"Member {said.author}",
            "from_id": f"user{9000 + said.author}",
            "text": [said.text[:3], {"type": "bold", "text": said.text[3:]}] if said.n % 5 == 0 else said.text,
            "text_entities": [],
        }
        if said.reply_to:
            item["reply_to_message_id"] = said.reply_to
        if said.reactions:
            item["reactions"] = [{"type": "emoji", "count": n, "emoji": emoji} for emoji, n in said.reactions]
        items.append(item)
        if said.n == pin:
            items.append({"id": 10**6, "type": "service", "action": "pin_message", "message_id": pin, "text": ""})
    path.write_text(
        json.dumps(
            {"name": "The Shed", "type": "private_supergroup", "id": 777, "messages": items}, ensure_ascii=False
        ),
        encoding="utf-8",
    )


def write_slack(folder: Path, messages: Sequence[Said]) -> None:
    folder.mkdir()
    (folder / "users.json").write_text(json.dumps([{"id": "UBOT", "is_bot": True}]), encoding="utf-8")
    (folder / "channels.json").write_text(json.dumps([{"name": "help"}]), encoding="utf-8")
    stamps = {said.n: f"{said.at.timestamp():.0f}.{said.n:06d}" for said in messages}
    roots = _roots(messages)
    days: dict[str, list[dict[str, Any]]] = {}
    for said in messages:
        item: dict[str, Any] = {
            "type": "message",
            "user": f"U{said.author}",
            "text": html.escape(said.text, quote=False),
        }
        item |= {
            "ts": stamps[said.n],
            "reactions": [{"name": _SLACK.get(e, "x1"), "count": n} for e, n in said.reactions],
        }
        if roots[said.n] != said.n:
            item["thread_ts"] = stamps[roots[said.n]]
        days.setdefault(f"{said.at:%Y-%m-%d}", []).append(item)
    answered = {roots[said.n] for said in messages if roots[said.n] != said.n}
    for items in days.values():
        for item in items:
            if any(item["ts"] == stamps[root] for root in answered):
                item["thread_ts"] = item["ts"]
    (folder / "help").mkdir()
    for day, items in days.items():
        (folder / "help" / f"{day}.json").write_text(json.dumps(items, ensure_ascii=False), encoding="utf-8")


def _roots(messages: Sequence[Said], *, always: bool = False) -> dict[int, int]:
    """Return the first message of each message's thread: of a topic in which anybody replied, or of every topic."""
    first: dict[int, int] = {}
    for said in messages:
        first.setdefault(said.topic, said.n)
    with_replies = {said.topic for said in messages if said.reply_to or always}
    return {said.n: first[said.topic] if said.topic in with_replies else said.n for said in messages}


_SLACK = {"✅": "white_check_mark", "👍": "+1"}


def write_whatsapp(path: Path, messages: Iterable[Said], style: str = "%d/%m/%Y, %H:%M - ") -> None:
    path.write_text(
        "".join(f"{said.at.strftime(style)}Member {said.author}: {said.text}\n" for said in messages), "utf-8"
    )


def write_mbox(path: Path, messages: Sequence[Said]) -> None:
    ids = {said.n: f"<{said.n}@shed.example>" for said in messages}
    roots = _roots(messages, always=True)
    parts: list[str] = []
    for said in messages:
        is_first = roots[said.n] == said.n
        reply = f"In-Reply-To: {ids[said.reply_to or roots[said.n]]}\nReferences: {ids[roots[said.n]]}\n"
        reply = "" if is_first else reply
        subject = "Re: question" if not is_first else said.text.splitlines()[0][:70]
        body = "\n".join(f">{line}" if line.startswith("From ") else line for line in said.text.splitlines())
        parts.append(
            f"From member{said.author}@shed.example {said.at:%a %b %d %H:%M:%S %Y}\n"
            f"From: Member {said.author} <member{said.author}@shed.example>\n"
            f"Date: {said.at:%a, %d %b %Y %H:%M:%S} +0000\nMessage-ID: {ids[said.n]}\n{reply}"
            f"Subject: {Header(subject, 'utf-8').encode()}\n"
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
            f"{body}\n\nOn Monday somebody wrote:\n> quoted words\n-- \nsignature\n\n"
        )
    path.write_text("".join(parts), encoding="utf-8")


def write_discord_html(path: Path, messages: Iterable[Said]) -> None:
    ids: dict[int, str] = {}
    rows = [
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>The Shed - help</title></head><body>'
        '<div class="preamble"><div class="preamble__entries-container"><div class="preamble__entry">The Shed</div>'
        '<div class="preamble__entry">Rooms / help</div></div></div><div class="chatlog">'
    ]
    for said in messages:
        key = ids[said.n] = snowflake(said)
        pinned = " chatlog__message-container--pinned" if said.is_pinned else ""
        reply = (
            f'<div class="chatlog__reply"><span class="chatlog__reply-link" '
            f"onclick=\"scrollToMessage(event, '{ids[said.reply_to]}')\">…</span></div>"
            if said.reply_to
            else ""
        )
        reactions = "".join(
            f'<div class="chatlog__reaction" title="x"><img class="chatlog__emoji" alt="{emoji}" src="x">'
            f'<span class="chatlog__reaction-count">{n}</span></div>'
            for emoji, n in said.reactions
        )
        text = html.escape(said.text).replace("\n", "<br>")
        rows.append(
            f'<div class="chatlog__message-group"><div id="chatlog__message-container-{key}" '
            f'class="chatlog__message-container{pinned}" data-message-id="{key}"><div class="chatlog__message">'
            f'<div class="chatlog__message-primary">{reply}<div class="chatlog__header"><span class="chatlog__author" '
            f'title="member{said.author}" data-user-id="{9000 + said.author}">Member {said.author}</span>'
            f'<span class="chatlog__timestamp">{said.at:%m/%d/%Y}</span></div><div class="chatlog__content '
            f'chatlog__markdown"><span class="chatlog__markdown-preserve">{text}</span></div>'
            f'<div class="chatlog__reactions">{reactions}</div></div></div></div></div>\n'
        )
    path.write_text("".join(rows) + "</div></body></html>", encoding="utf-8")


def write_discord_text(path: Path, messages: Iterable[Said]) -> None:
    rule = "=" * 62
    rows = [f"{rule}\nGuild: The Shed\nChannel: Rooms / help\n{rule}\n\n"]
    for said in messages:
        reactions = " ".join(f"{emoji} ({n})" if n > 1 else emoji for emoji, n in said.reactions)
        block = f"\n{{Reactions}}\n{reactions}\n" if said.reactions else ""
        pinned = " (pinned)" if said.is_pinned else ""
        rows.append(f"[{said.at:%m/%d/%Y %I:%M %p}] member{said.author}{pinned}\n{said.text}\n{block}\n")
    path.write_text("".join(rows) + f"\n{rule}\nExported {len(rows) - 1} message(s)\n{rule}\n", encoding="utf-8")


def write_telegram_html(folder: Path, messages: Sequence[Said], a_page: int = 500) -> None:
    folder.mkdir()
    for page, first in enumerate(range(0, len(messages), a_page), 1):
        rows = [
            '<!DOCTYPE html><html><head><meta charset="utf-8"/></head><body><div class="page_wrap">'
            '<div class="page_header"><div class="content"><div class="text bold">The Shed</div></div></div>'
            '<div class="page_body chat_page"><div class="history">'
        ]
        for said in messages[first : first + a_page]:
            reply = (
                f'<div class="reply_to details">In reply to <a href="#go_to_message{said.reply_to}" '
                f'onclick="return GoToMessage({said.reply_to})">this message</a></div>'
                if said.reply_to
                else ""
            )
            reactions = "".join(
                f'<span class="reaction"><span class="emoji">{emoji}</span><span class="count">{n}</span></span>'
                for emoji, n in said.reactions
            )
            text = html.escape(said.text).replace("\n", "<br>")
            rows.append(
                f'<div class="message default clearfix" id="message{said.n}"><div class="body"><div class="pull_right '
                f'date details" title="{said.at:%d.%m.%Y %H:%M:%S} UTC+00:00">{said.at:%H:%M}</div>'
                f'<div class="from_name">Member {said.author}</div>{reply}<div class="text">{text}</div>'
                f'<span class="reactions">{reactions}</span></div></div>\n'
            )
        name = "messages.html" if page == 1 else f"messages{page}.html"
        (folder / name).write_text("".join(rows) + "</div></div></div></body></html>", encoding="utf-8")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
