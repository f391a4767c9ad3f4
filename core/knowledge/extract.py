"""Extracting text from files of every kind a community has. Blocks; call it through ``core.knowledge.parsing``.

The text has Markdown headings and is plain otherwise; passages quote it. Each kind is read by its module in
``core.knowledge.formats``; web pages, PDF and plain text by those beside this one. Pages are fetched by
``core.curation.fetch``, texts cut by ``core.retrieval.chunk``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from importlib import import_module
from pathlib import PurePosixPath
from typing import Literal

from core.control_characters import without_controls
from core.errors import BadInput
from core.knowledge.charset import NotText, decode
from core.knowledge.document_date import document_date
from core.knowledge.formats.document_text import ReadText
from core.knowledge.front_matter import read_front_matter
from core.language import detect_language
from core.retrieval.outline import is_chat
from core.retrieval.sentences import text_lines
from core.types import Language

VERSION = 9
"""To be incremented when extraction returns another text for the same bytes, so that files are extracted again."""

Kind = Literal[
    "markdown", "text", "html", "pdf", "code", "chat", "docx", "opendocument", "rtf", "pptx", "epub", "spreadsheet",
    "delimited", "restructuredtext", "asciidoc", "org", "latex", "notebook", "structured", "subtitles", "mail",
    "archive", "picture", "old_office",
]  # fmt: skip

_SUFFIXES_OF: Mapping[Kind, str] = {
    "markdown": "md markdown mdx mdown mkd qmd rmd",
    "text": "txt text log",
    "html": "html htm xhtml",
    "pdf": "pdf",
    "docx": "docx docm dotx dotm",
    "opendocument": "odt ott odp otp fodt",
    "rtf": "rtf",
    "pptx": "pptx pptm ppsx ppsm potx",
    "epub": "epub",
    "spreadsheet": "xlsx xlsm xltx xlsb xls ods ots",
    "delimited": "csv tsv tab",
    "restructuredtext": "rst rest",
    "asciidoc": "adoc asciidoc asc",
    "org": "org",
    "latex": "tex ltx latex",
    "notebook": "ipynb",
    "structured": "json jsonl yaml yml toml",
    "subtitles": "srt vtt",
    "mail": "eml mbox mhtml mht",
    "archive": "zip",
    "picture": "png jpg jpeg webp tif tiff bmp",
    "old_office": "doc dot ppt pps",
    "code": (
        "py pyi js cjs mjs ts tsx jsx go rs java kt kts scala swift c h cc cpp hpp cs rb lua r jl sh bash sql proto"
    ),
}
SUFFIXES: Mapping[str, Kind] = {f".{suffix}": kind for kind, each in _SUFFIXES_OF.items() for suffix in each.split()}

_BARE_NAMES = re.compile(
    r"(?:readme|license|licence|copying|changelog|changes|history|news|authors|contributors|contributing|maintainers"
    r"|code_of_conduct|security|support|governance|faq|todo|install|notice|thanks|leiame|leia-me|licenca)"
    r"(?:[._-][a-z]{2}(?:[_-][a-z]{2})?)?",
    re.IGNORECASE,
)
"""Names of files that are text though they have no suffix, or a language's code for one."""

_BINARY: frozenset[Kind] = frozenset({"docx", "opendocument", "rtf", "pptx", "epub", "spreadsheet", "mail", "picture"})
"""Kinds that are read from bytes; all others are decoded first."""

CONTENT_TYPES: Mapping[str, Kind] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/plain": "text",
    "text/markdown": "markdown",
    "text/x-markdown": "markdown",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "spreadsheet",
    "application/vnd.oasis.opendocument.text": "opendocument",
    "application/vnd.oasis.opendocument.presentation": "opendocument",
    "application/vnd.oasis.opendocument.spreadsheet": "spreadsheet",
    "application/epub+zip": "epub",
    "application/rtf": "rtf",
    "text/rtf": "rtf",
    "text/csv": "delimited",
    "text/x-rst": "restructuredtext",
}
_NAMED_PLAIN: frozenset[Kind] = frozenset(
    {"markdown", "restructuredtext", "asciidoc", "org", "latex", "delimited", "subtitles"}
)
"""Kinds that servers send as plain text: their names tell."""


_MAX_TITLE_CHARS = 200
_LANGUAGE_SAMPLE_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """The extracted text of a document, which has a letter or digit; ``language`` is the detected one.

    ``said_at`` is when the document says that it was last changed, ``None`` where it does not.
    """

    title: str
    text: str
    kind: Kind
    language: Language
    said_at: datetime | None = None


def kind_of(name: str, content_type: str = "") -> Kind:
    """Return the kind of a document by its content type, or by its file name where it has none.

    Raises ``BadInput`` when the kind is not supported.
    """
    if content_type:
        kind = CONTENT_TYPES.get(_parsed(content_type).get_content_type())
        named = SUFFIXES.get(PurePosixPath(name.split("?")[0]).suffix.lower())
        kind = named if kind == "text" and named in _NAMED_PLAIN else kind
    else:
        path = PurePosixPath(name)
        kind = SUFFIXES.get(path.suffix.lower())
        if kind is None and _BARE_NAMES.fullmatch(path.name):
            kind = "markdown"
    if kind is None:
        raise BadInput("knowledge.unsupported", name=name)
    return kind


def extract(data: bytes, name: str, content_type: str = "", hint: Language = "en") -> ExtractedText:
    """Return the text of a document. ``hint`` is its language where the text is too short for detection.

    Raises ``BadInput`` when its kind is not supported, or for each reason why no text can be extracted.
    """
    kind = kind_of(name, content_type)
    read = _read(kind, data, name, content_type)
    text = read.text
    if not any(character.isalnum() for character in text):
        raise BadInput("knowledge.empty", name=name)
    heading = first_heading(text) if kind not in _WITHOUT_HEADING else None
    shown = " ".join(without_controls(read.title or heading or stem(name)).split())[:_MAX_TITLE_CHARS]
    if kind == "text" and is_chat(text):
        kind = "chat"
    language = detect_language(text[:_LANGUAGE_SAMPLE_CHARS], hint)
    return ExtractedText(shown, text, kind, language, document_date(kind, data))


_WITHOUT_HEADING: frozenset[Kind] = frozenset(
    {"text", "code", "chat", "pdf", "picture", "archive", "spreadsheet", "delimited", "structured", "subtitles"}
)
"""Kinds whose first heading, if any, is not what the whole is called."""


def first_heading(text: str) -> str | None:
    """Return the first Markdown heading outside code, if there is one."""
    return next((line.heading for line in text_lines(text) if line.heading), None)


def stem(name: str) -> str:
    """Return the last part of a path or address without its suffix."""
    path = PurePosixPath(name.split("?")[0].rstrip("/"))
    return path.stem or name


def _read(kind: Kind, data: bytes, name: str, content_type: str = "") -> ReadText:
    declared = _parsed(content_type).get_content_charset() if content_type else None
    if kind == "old_office":
        raise BadInput("knowledge.old_office", name=name)
    if kind == "archive":
        from core.knowledge.formats.archive import read_archive

        return read_archive(data, name, _read_member)
    if kind == "pdf":
        from core.knowledge.pdf import read_pdf

        return ReadText(*read_pdf(data, name))
    if kind in _BINARY:
        return _reader(kind)(data, name)
    if kind == "html":
        from core.knowledge.html import declared_charset, read_html

        return ReadText(*read_html(_decode(data, name, declared or declared_charset(data)), name))
    text = _decode(data, name, declared)
    return ReadText(*read_front_matter(text)) if kind in _PLAIN else _reader(kind)(text, name)


_PLAIN: frozenset[Kind] = frozenset({"text", "code", "chat"})


def _reader(kind: Kind) -> Callable[[bytes | str, str], ReadText]:
    """Return the reader of a kind: ``read`` of the module of its name, imported when it is first needed."""
    reader: Callable[[bytes | str, str], ReadText] = import_module(f"core.knowledge.formats.{kind}").read
    return reader


def _read_member(data: bytes, name: str) -> ReadText | None:
    """Return the text of a member of an archive; ``None`` where it is of no kind that is read, or an archive."""
    try:
        kind = kind_of(name)
    except BadInput:
        return None
    return None if kind in ("archive", "picture", "old_office", "code") else _read(kind, data, name)


def _decode(data: bytes, name: str, declared: str | None) -> str:
    try:
        return decode(data, declared)
    except NotText:
        raise BadInput("knowledge.not_text", name=name) from None


def _parsed(content_type: str) -> Message:
    message = Message()
    message["Content-Type"] = content_type
    return message
