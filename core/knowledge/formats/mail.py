"""Reading mail and saved pages as MIME: .eml, .mbox and .mhtml. Attachments are named, and not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.utils import parseaddr

from core.errors import BadInput
from core.knowledge.charset import NotText, decode
from core.knowledge.formats.document_text import DocumentText, ReadText, demoted, one_line
from core.knowledge.html import declared_charset, read_html

_MBOX_LINE = re.compile(rb"^From [^\n]*\n", re.MULTILINE)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_MAX_MESSAGES = 20_000


def read(data: bytes, name: str) -> ReadText:
    """Return the subject and text of a message, or of each message of a mailbox under its subject.

    Raises ``BadInput`` when there is no message.
    """
    out = DocumentText(name)
    if data.startswith(b"From "):
        for message in _mailbox(data, name):
            _add_message(message, out, name)
        return ReadText(None, out.text())
    message = _parsed(data)
    if not message.keys():
        raise BadInput("knowledge.damaged", name=name)
    if message.get_content_type() == "multipart/related" or message.get_content_type() == "text/html":
        title, text = _page(message, name)
        return ReadText(title, text)
    _add_message(message, out, name)
    return ReadText(_header(message, "Subject") or None, out.text())


def _mailbox(data: bytes, name: str) -> Iterator[EmailMessage]:
    starts = [match.span() for match in _MBOX_LINE.finditer(data)]
    if len(starts) > _MAX_MESSAGES:
        raise BadInput("knowledge.too_much_text", name=name)
    ends = [start for start, _ in starts[1:]] + [len(data)]
    for (_, start), end in zip(starts, ends, strict=True):
        yield _parsed(_QUOTED_FROM.sub(rb"\1", data[start:end]))


def _parsed(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=policy.default)


def _add_message(message: EmailMessage, out: DocumentText, name: str) -> None:
    """Add a message: its subject as a heading, its sender's name and date, its text, the names of its attachments."""
    out.heading(1, _header(message, "Subject"))
    sender = parseaddr(_header(message, "From"))
    told = (sender[0] or sender[1].partition("@")[0], _header(message, "Date"))
    out.paragraph(" · ".join(filter(None, told)))
    out.markdown(_body(message, name))
    files = [one_line(part.get_filename() or "") for part in _attachments(message)]
    out.paragraph("; ".join(filter(None, files)))


def _body(message: EmailMessage, name: str) -> str:
    try:
        part = message.get_body(("plain", "html"))
    except (MessageError, LookupError, ValueError, AttributeError):
        part = None
    if part is None:
        payload = message.get_payload()
        return payload if isinstance(payload, str) else ""
    text = _content(part)
    if part.get_content_type() != "text/html":
        return text
    return demoted(read_html(text, name)[1]) if text.strip() else ""


def _page(message: EmailMessage, name: str) -> tuple[str | None, str]:
    """Return the title and text of a page saved with its pictures (RFC 2557)."""
    for part in message.walk():
        if part.get_content_type() == "text/html" and isinstance(part, EmailMessage):
            title, text = read_html(_content(part), name)
            return title or _header(message, "Subject") or None, text
    raise BadInput("knowledge.empty", name=name)


def _content(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        return decode(data, part.get_content_charset() or declared_charset(data))
    except NotText:
        return ""


def _attachments(message: EmailMessage) -> Iterator[EmailMessage]:
    try:
        yield from (part for part in message.iter_attachments() if isinstance(part, EmailMessage))
    except (MessageError, LookupError, ValueError, AttributeError):
        return


def _header(message: EmailMessage, name: str) -> str:
    """Return a header decoded, on one line; empty where it is missing or cannot be parsed."""
    try:
        return one_line(str(message.get(name, "")))
    except (MessageError, LookupError, ValueError, AttributeError, IndexError):
        return ""
