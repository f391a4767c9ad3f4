"""Telegram Desktop's HTML: ``messages.html``, ``messages2.html`` and so on, one chat in pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from lxml import etree

from core.importing.formats.html_stream import classes, elements, find, find_all, text_within
from core.types.exported_message import ExportedMessage, ExportEvent, PinNotice, Reactions

PAGE = re.compile(r"messages(?P<n>\d{0,6})\.html")

_MARKS = frozenset(("message", "page_header"))
_STAMP = re.compile(r"(\d{2})\.(\d{2})\.(\d{4}) (\d{2}):(\d{2}):(\d{2})(?: UTC([+-])(\d{2}):(\d{2}))?")
_TARGET = re.compile(r"GoToMessage\((\d{1,18})\)")


def read_telegram_html(streams: Iterator[BinaryIO], chat: str) -> Iterator[ExportEvent]:
    """Yield what people wrote and what was pinned, page after page. Raises ``BrokenHtml``."""
    author = ""
    for stream in streams:
        for element in elements(stream, _MARKS):
            marks = classes(element)
            if "page_header" in marks:
                chat = text_within(find(element, "text")).strip() or chat
            elif "service" in marks:
                if (target := _target(element)) and "pinned" in text_within(element):
                    yield PinNotice(chat, target)
            else:
                author = text_within(_from_name(element)).strip() or author
                if (message := _message(element, author, chat)) is not None:
                    yield message


def _message(element: etree._Element, author: str, chat: str) -> ExportedMessage | None:
    key = (element.get("id") or "").removeprefix("message")
    stamp = find(element, "date")
    said_at = _moment(stamp.get("title") or "") if stamp is not None else None
    if said_at is None or not key or find(element, "forwarded") is not None:
        return None
    reply = find(element, "reply_to")
    return ExportedMessage(
        key=key,
        channel=chat,
        author=f"telegram-name:{author}",
        text=text_within(find(element, "text")).strip(),
        said_at=said_at,
        url=f"telegram-html:{chat}/{key}",
        reply_to=_target(reply) if reply is not None else "",
        reactions=tuple(_reactions(each) for each in find_all(element, "reaction")),
        attachments=tuple(text_within(each).strip() for each in find_all(element, "title")),
    )


def _from_name(element: etree._Element) -> etree._Element | None:
    """Return the author's name; messages that follow others of the same author have none."""
    return next((each for each in find_all(element, "from_name") if "forwarded" not in classes(each.getparent())), None)


def _target(element: etree._Element) -> str:
    """Return the number of the message that a link in an element leads to."""
    for link in element.iter("a"):
        if match := _TARGET.search(link.get("onclick") or ""):
            return match[1]
        if (target := link.get("href") or "").startswith("#go_to_message"):
            return target.removeprefix("#go_to_message")
    return ""


def _moment(stamp: str) -> datetime | None:
    if not (match := _STAMP.match(stamp)):
        return None
    day, month, year, hour, minute, second = (int(match[n]) for n in range(1, 7))
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    if not match[7]:
        return moment
    offset = timedelta(hours=int(match[8]), minutes=int(match[9]))
    return moment - offset if match[7] == "+" else moment + offset


def _reactions(element: etree._Element) -> Reactions:
    count = text_within(find(element, "count")).strip()
    people = len(find_all(element, "userpic")) or 1
    return Reactions(text_within(find(element, "emoji")).strip(), int(count) if count.isdecimal() else people)
