"""Parsing one document: from its bytes to its text, cut into chunks whose languages are detected. Blocks.

For bytes from outside this runs in a sandbox (``core.knowledge.parsing.sandboxed_parser``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.errors import BadInput
from core.knowledge.extract import Kind, extract
from core.language import detect_language
from core.retrieval.chunk import chunk
from core.types import Chunk, Language

_MAX_CHARS = 10_000_000
_MAX_CHARS_PER_BYTE = 4
"""A document's text may have ``_MAX_CHARS``, and this many more for each of its bytes."""

_FEW_CHUNKS = 1_000
_MIN_CHUNK_CHARS = 40
"""A text may be cut into ``_FEW_CHUNKS``, and into more where they have this many characters on average."""


@dataclass(frozen=True, slots=True)
class TextChunks:
    """The chunks of a text, and the language of each."""

    chunks: tuple[Chunk, ...]
    languages: tuple[Language, ...]


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A document's extracted text and its chunks. ``language`` is that of the whole.

    ``said_at`` is when the document says that it was last changed.
    """

    title: str
    kind: Kind
    language: Language
    text: str
    cut: TextChunks
    said_at: datetime | None = None


def parse(data: bytes, name: str, content_type: str, hint: Language) -> ParsedDocument:
    """Return a document's text in chunks; ``hint`` is its language where the text is too short for detection.

    Raises ``BadInput`` for each reason why there is no text, or too much of it.
    """
    found = extract(data, name, content_type, hint)
    if len(found.text) > _MAX_CHARS + _MAX_CHARS_PER_BYTE * len(data):
        raise BadInput("knowledge.too_much_text", name=name)
    cut = cut_chunks(found.text, found.kind, found.language, name)
    return ParsedDocument(found.title, found.kind, found.language, found.text, cut, found.said_at)


def cut_chunks(text: str, kind: str, language: Language, name: str) -> TextChunks:
    """Cut a text into chunks and detect the language of each. Raises ``BadInput`` when they are too many."""
    chunks = tuple(chunk(text, kind=kind))
    if len(chunks) > _FEW_CHUNKS + len(text) // _MIN_CHUNK_CHARS:
        raise BadInput("knowledge.too_much_text", name=name)
    return TextChunks(chunks, tuple(detect_language(piece.text, language) for piece in chunks))
