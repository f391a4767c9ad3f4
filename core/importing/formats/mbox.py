"""A mailing list's archive in mbox form, read message by message (RFC 4155; the parser is the standard library's)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr, parsedate_to_datetime
from typing import BinaryIO, cast

from core.types.exported_message import ExportedMessage

MAX_MAIL_BYTES = 20_000_000
"""What a mail has beyond this is left out."""

_MAX_LINE_BYTES = 100_000
_MAX_THREADS = 200_000
_SAME_CHARS = 40
"""A subject whose first characters the mail has too says nothing more."""

_MAX_BODY_CHARS = 50_000
_FROM = re.compile(rb"From \S{1,300} .{0,200}\d{4}")
_ID = re.compile(r"<[^<>\s]{1,500}>")
_PREFIX = re.compile(r"(?:re|res|fw|fwd|enc)\s{0,3}:|\[[^\]]{1,60}\]", re.IGNORECASE)
_MAX_PREFIXES = 20
_WROTE = re.compile(
    r"(?:On|Em|Le) .{5,200}(?:wrote|escreveu|escreve):|-{3,} ?(?:Original|Forwarded|Mensagem) .{0,40}", re.I
)
_SIGNATURE = re.compile(r"--\s?")


def looks_like_mbox(head: bytes) -> bool:
    """Tell whether a file begins as an mbox does."""
    return _FROM.match(head) is not None


def read_mbox(stream: BinaryIO, archive: str) -> Iterator[ExportedMessage]:
    """Yield the mails without quotes and signatures; those that answer one another are one thread."""
    threads = _Threads()
    for data in _mails(stream):
        mail = cast(EmailMessage, BytesParser(policy=policy.compat32.clone(max_line_length=None)).parsebytes(data))
        if (message := _message(mail, archive, threads)) is not None:
            yield message


def _mails(stream: BinaryIO) -> Iterator[bytes]:
    parts: list[bytes] = []
    size, is_after_blank = 0, True
    while line := stream.readline(_MAX_LINE_BYTES):
        if is_after_blank and _FROM.match(line):
            if parts:
                yield b"".join(parts)
            parts, size = [], 0
        elif (size := size + len(line)) <= MAX_MAIL_BYTES:
            parts.append(line[1:] if line.startswith(b">From ") else line)
        is_after_blank = not line.strip()
    if parts:
        yield b"".join(parts)


class _Threads:
    """The thread of each mail: the first mail that it, or one that it answers, refers to; else its subject."""

    def __init__(self) -> None:
        self._roots: dict[str, str] = {}

    def root(self, key: str, references: list[str]) -> str:
        known = next((self._roots[each] for each in references if each in self._roots), None)
        root = known or (references[0] if references else key)
        for each in (key, *references):
            if len(self._roots) < _MAX_THREADS:
                self._roots.setdefault(each, root)
        return root


def _message(mail: EmailMessage, archive: str, threads: _Threads) -> ExportedMessage | None:
    key = next(iter(_ID.findall(_header(mail, "Message-ID"))), "")
    _, address = parseaddr(_header(mail, "From"))
    said_at = _date(_header(mail, "Date"))
    if not key or not address or said_at is None or _header(mail, "Auto-Submitted").startswith("auto"):
        return None
    answered = _ID.findall(_header(mail, "In-Reply-To"))
    references = [*_ID.findall(_header(mail, "References")), *answered]
    subject = _without_prefixes(_header(mail, "Subject"))
    text, files = _body(mail)
    return ExportedMessage(
        key=key,
        channel=archive,
        author=f"mail:{address.lower()}",
        text=text if references or subject[:_SAME_CHARS] in text else f"{subject}\n\n{text}",
        said_at=said_at,
        url=f"mid:{key.strip('<>')}",
        thread=subject,
        thread_key=threads.root(key, references),
        reply_to=answered[0] if answered else "",
        attachments=files,
    )


def _without_prefixes(subject: str) -> str:
    """Return a subject without ``Re:``, ``Fwd:`` and the name of a list in brackets."""
    for _ in range(_MAX_PREFIXES):
        subject = subject.strip()
        if not (match := _PREFIX.match(subject)):
            break
        subject = subject[match.end() :]
    return subject


def _header(mail: EmailMessage, name: str) -> str:
    value = str(mail.get(name, ""))[:10_000]
    try:
        return str(make_header(decode_header(value))).replace("\n", " ")
    except (LookupError, ValueError):
        return value


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _body(mail: EmailMessage) -> tuple[str, tuple[str, ...]]:
    """Return the first plain text of a mail, as it was written by its author, and the names of its files."""
    text, files = "", []
    for part in mail.walk():
        if name := part.get_filename():
            files.append(name)
        elif part.get_content_type() == "text/plain" and not text:
            data = part.get_payload(decode=True)
            text = _decoded(data, part.get_content_charset()) if isinstance(data, bytes) else ""
    return _own_words(text), tuple(files)


def _decoded(data: bytes, charset: str | None) -> str:
    try:
        return data.decode(charset or "utf-8", "replace")
    except LookupError:
        return data.decode("utf-8", "replace")


def _own_words(text: str) -> str:
    """Return a mail's text without what it quotes, and without its signature."""
    kept: list[str] = []
    for line in text[:_MAX_BODY_CHARS].splitlines():
        if _SIGNATURE.fullmatch(line):
            break
        if not line.startswith(">") and not _WROTE.fullmatch(line.strip()):
            kept.append(line.rstrip())
    return "\n".join(kept).strip()
