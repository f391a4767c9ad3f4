"""How the sandbox of ``core.knowledge.parsing.process`` tells what it read: text as the body, the rest in the header.

Chunks are offsets into the text, their headings indexes into a list. What comes from a sandbox is checked, because
hostile bytes may have taken it over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, get_args

from core.knowledge.extract import Kind
from core.knowledge.parsing.parse import ParsedDocument, TextChunks
from core.sandbox.frames import Frame, MalformedFrame
from core.types import LANGUAGES, Chunk, Language

T = TypeVar("T")


def encode_document(parsed: ParsedDocument) -> Frame:
    """Return a parsed document as a frame."""
    said_at = parsed.said_at.isoformat() if parsed.said_at else None
    header = {"title": parsed.title, "kind": parsed.kind, "language": parsed.language, "said_at": said_at}
    return Frame({**header, **encode_chunks(parsed.cut).header}, parsed.text.encode("utf-8", "replace"))


def encode_chunks(cut: TextChunks) -> Frame:
    """Return the chunks of a text as a frame without the text."""
    headings = {heading: n for n, heading in enumerate(dict.fromkeys(piece.heading for piece in cut.chunks))}
    return Frame(
        {
            "headings": list(headings),
            "chunks": [[piece.start, piece.end, headings[piece.heading]] for piece in cut.chunks],
            "languages": [LANGUAGES.index(language) for language in cut.languages],
        }
    )


def decode_document(frame: Frame) -> ParsedDocument:
    """Return the parsed document that a frame holds. Raises ``MalformedFrame`` when it holds none."""
    header = frame.header
    try:
        text = frame.body.decode()
        kind, language = _one_of(get_args(Kind), header["kind"]), _one_of(LANGUAGES, header["language"])
        title, said_at = decode_text(header["title"]), decode_date(header["said_at"])
        return ParsedDocument(title, kind, language, text, _chunks(header, text), said_at)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise MalformedFrame(f"no parsed document: {error!r}") from None


def decode_chunks(frame: Frame, text: str) -> TextChunks:
    """Return the chunks of ``text`` that a frame holds. Raises ``MalformedFrame`` when it holds none."""
    try:
        return _chunks(frame.header, text)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise MalformedFrame(f"no chunks: {error!r}") from None


def decode_language(value: object) -> Language:
    """Return a language's code. Raises ``MalformedFrame`` for anything else."""
    return _one_of(LANGUAGES, value)


def decode_date(value: object) -> datetime | None:
    """Return an aware time in ISO 8601, or ``None``. Raises ``MalformedFrame`` for anything else."""
    if value is None:
        return None
    at = datetime.fromisoformat(decode_text(value))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def decode_text(value: object) -> str:
    """Return a text of a header. Raises ``MalformedFrame`` for anything else."""
    if not isinstance(value, str):
        raise MalformedFrame(f"{value!r} is no text")
    return value.encode("utf-8", "replace").decode()  # JSON may hold half of a surrogate pair


def _chunks(header: Mapping[str, Any], text: str) -> TextChunks:
    headings = [decode_text(heading) for heading in header["headings"]]
    chunks = tuple(_chunk(text, headings, start, end, heading) for start, end, heading in header["chunks"])
    languages = tuple(LANGUAGES[n] for n in header["languages"])
    if len(languages) != len(chunks):
        raise MalformedFrame(f"{len(chunks)} chunks and {len(languages)} languages")
    return TextChunks(chunks, languages)


def _chunk(text: str, headings: list[str], start: int, end: int, heading: int) -> Chunk:
    if not 0 <= start < end <= len(text):
        raise MalformedFrame(f"a chunk from {start} to {end} of {len(text)} characters")
    return Chunk(text[start:end], start, end, headings[heading])


def _one_of(known: tuple[T, ...], value: object) -> T:
    for each in known:
        if each == value:
            return each
    raise MalformedFrame(f"{value!r} is none of {known}")
