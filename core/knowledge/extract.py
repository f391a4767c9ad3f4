"""Extracting text from Markdown, plain text, chat logs, code, HTML and PDF. Blocks; call it through ``core.offload``.

The text has Markdown headings and is plain otherwise; passages quote it. Pages are fetched by ``core.curation.fetch``,
texts cut by ``core.retrieval.chunk``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import PurePosixPath
from typing import Literal

from core.errors import BadInput
from core.knowledge.charset import NotText, decode
from core.knowledge.front_matter import read_front_matter
from core.language import detect_language
from core.retrieval.outline import is_chat
from core.retrieval.sentences import text_lines
from core.types import Language

VERSION = 3
"""To be incremented when extraction returns another text for the same bytes, so that files are extracted again."""

Kind = Literal["markdown", "text", "html", "pdf", "code", "chat"]

CODE_SUFFIXES = re.findall(
    r"\w+", "py js mjs ts tsx jsx go rs java kt kts scala swift c h cc cpp hpp cs rb lua r jl sh bash sql proto"
)
SUFFIXES: Mapping[str, Kind] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    **dict.fromkeys((f".{suffix}" for suffix in CODE_SUFFIXES), "code"),
}
CONTENT_TYPES: Mapping[str, Kind] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/plain": "text",
    "text/markdown": "markdown",
    "text/x-markdown": "markdown",
    "application/pdf": "pdf",
}

_MAX_TITLE_CHARS = 200
_LANGUAGE_SAMPLE_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """The extracted text of a document, which has a letter or digit; ``language`` is the detected one."""

    title: str
    text: str
    kind: Kind
    language: Language


def kind_of(name: str, content_type: str = "") -> Kind:
    """Return the kind of a document by its content type, or by its file name's suffix where it has none.

    Raises ``BadInput`` when the kind is not supported.
    """
    if content_type:
        kind = CONTENT_TYPES.get(_parsed(content_type).get_content_type())
    else:
        kind = SUFFIXES.get(PurePosixPath(name).suffix.lower())
    if kind is None:
        raise BadInput("knowledge.unsupported", name=name)
    return kind


def extract(data: bytes, name: str, content_type: str = "", hint: Language = "en") -> ExtractedText:
    """Return the text of a document. ``hint`` is its language where the text is too short for detection.

    Raises ``BadInput`` when its kind is not supported, or for each reason why no text can be extracted.
    """
    kind = kind_of(name, content_type)
    title, text = _read(kind, data, name, content_type)
    if not any(character.isalnum() for character in text):
        raise BadInput("knowledge.empty", name=name)
    heading = first_heading(text) if kind in ("markdown", "html") else None
    shown = " ".join((title or heading or stem(name)).split())[:_MAX_TITLE_CHARS]
    if kind == "text" and is_chat(text):
        kind = "chat"
    return ExtractedText(shown, text, kind, detect_language(text[:_LANGUAGE_SAMPLE_CHARS], hint))


def first_heading(text: str) -> str | None:
    """Return the first Markdown heading outside code, if there is one."""
    return next((line.heading for line in text_lines(text) if line.heading), None)


def stem(name: str) -> str:
    """Return the last part of a path or address without its suffix."""
    path = PurePosixPath(name.split("?")[0].rstrip("/"))
    return path.stem or name


def _read(kind: Kind, data: bytes, name: str, content_type: str) -> tuple[str | None, str]:
    if kind == "pdf":
        from core.knowledge.pdf import read_pdf

        return read_pdf(data, name)
    declared = _parsed(content_type).get_content_charset() if content_type else None
    if kind == "html":
        from core.knowledge.html import declared_charset, read_html

        return read_html(_decode(data, name, declared or declared_charset(data)), name)
    return read_front_matter(_decode(data, name, declared))


def _decode(data: bytes, name: str, declared: str | None) -> str:
    try:
        return decode(data, declared)
    except NotText:
        raise BadInput("knowledge.not_text", name=name) from None


def _parsed(content_type: str) -> Message:
    message = Message()
    message["Content-Type"] = content_type
    return message
