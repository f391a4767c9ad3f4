"""Cuts texts into sentences and into overlapping chunks fit for embedding, with exact character offsets.

Covers prose, Markdown (headings, lists, tables, fenced code), program code and chat logs. The chunker is the
specification's (section 3.2: 1,200 characters, 200 overlap, cut at a sentence end) as it was meant: it never cuts
inside a word, always moves on, and keeps the heading path a chunk stands under.
Does not cover getting text out of files (``core.knowledge``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from core.retrieval.outline import OutlinePart, chat_parts, code_parts, message_starts
from core.types import Chunk

MAX_CHARS = 1200
OVERLAP = 200

_HEADING = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+(.*)$")
_MAX_HEADING_CHARS = 200
"""Every chunk under a heading carries it, and is embedded with it."""

_FENCE = re.compile(r"[ ]{0,3}(```|~~~)")
_BLOCK_START = re.compile(r"[ \t]*(?:[-*+•–—|>]|\d{1,3}[.)]|[a-z]\)|#{1,6}\s|```|~~~)")
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？]+")
_LAST_WORD = re.compile(r"[^\s(\[\"'“‘«]*$")
_WORD = re.compile(r"\S+")
_SHORT_LINE_CHARS = 50
"""A shorter line whose successor starts like a sentence was ended on purpose; a longer one was probably wrapped."""

_BEFORE_A_NAME = frozenset(
    _WORD.findall(
        "mr mrs ms dr drs st sta sto prof rev gen sgt capt lt jr vs fig figs eq eds pp pg vol e.g i.e cf "
        "sr sra srs sras dra dras profa exmo exma ilmo ilma av art arts pág págs séc núm nº p.ex"
    )
)
"""Abbreviations that what they belong to follows, so that their full stop never ends a sentence."""

_BEFORE_A_WORD = frozenset(
    _WORD.findall("approx dept est max min tel ext inc ltd etc sept aprox depto seg máx mín obs cia ltda adm ref")
)
"""Abbreviations whose full stop ends a sentence only when the next word is capitalised."""


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A piece of a text: ``text[start:end]``, with no white space at either end."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    heading: str | None
    level: int
    is_code: bool


@dataclass(slots=True)
class _Section:
    path: str
    heading_end: int
    lines: list[_Line]


def sentences(text: str) -> list[TextSpan]:
    """Return the sentences of ``text`` in order: every visible character is in exactly one.

    List items, table rows, headings, lines of code and short lines count as sentences of their own.
    """
    return list(_sentences(text, _lines(text)))


def chunk(text: str, max_chars: int = MAX_CHARS, overlap: int = OVERLAP, kind: str = "") -> list[Chunk]:
    """Cut ``text`` into chunks of at most ``max_chars`` characters that share about ``overlap`` of them.

    ``kind`` is the document's: ``code`` is cut at its definitions and lines, ``chat`` at its days and messages, any
    other as prose with Markdown headings.

    Chunks end at sentence ends where a sentence fits, else at word ends; only a word longer than ``max_chars`` is
    cut. A chunk never crosses a heading, and starts with it where it is the section's first.
    Raises ``ValueError`` unless ``0 <= overlap < max_chars``.
    """
    if not 0 <= overlap < max_chars:
        raise ValueError(f"overlap {overlap} must be at least 0 and below max_chars {max_chars}")
    return [
        Chunk(text[span.start : span.end], span.start, span.end, path)
        for path, units in _pieces(text, max_chars, kind)
        for span in _pack(text, units, max_chars, overlap)
    ]


def _pieces(text: str, max_chars: int, kind: str) -> Iterator[tuple[str, list[TextSpan]]]:
    """Yield each section's path, and the pieces it may be cut between, none longer than ``max_chars``."""
    if kind == "code":
        for part in code_parts(text):
            yield part.path, _split(text, _line_spans(text, part), max_chars)
    elif kind == "chat":
        for part in chat_parts(text):
            yield part.path, _split(text, _messages(text, part), max_chars)
    else:
        for section in _sections(_lines(text)):
            yield section.path, _units(text, section, max_chars)


def searched_text(title: str, heading: str, text: str) -> str:
    """Return what a chunk is found by, in both searches: the title and headings it stands under, then its own words."""
    return "\n".join(part for part in (title, heading, text) if part)


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    fence = ""
    for match in re.finditer(r"[^\n\r\f]+", text):
        line = match.group()
        opening = _FENCE.match(line)
        is_code = bool(fence or opening)
        if opening and not fence:
            fence = opening.group(1)
        elif opening and opening.group(1) == fence:
            fence = ""
        heading = None if is_code else _HEADING.match(line)
        lines.append(
            _Line(
                start=match.start(),
                end=match.end(),
                heading=heading.group(2).rstrip(" \t#").strip()[:_MAX_HEADING_CHARS] if heading else None,
                level=len(heading.group(1)) if heading else 0,
                is_code=is_code,
            )
        )
    return [line for line in lines if text[line.start : line.end].strip()]


# --- sentences -----------------------------------------------------------------------------------


def _sentences(text: str, lines: list[_Line]) -> Iterator[TextSpan]:
    start = lines[0].start if lines else 0
    for n, line in enumerate(lines):
        following = lines[n + 1] if n + 1 < len(lines) else None
        for end in _ends_within(text, line):
            yield from _trimmed(text, start, end)
            start = end
        if following is None or _ends_at_line(text, line, following):
            yield from _trimmed(text, start, line.end)
            start = line.end


def _trimmed(text: str, start: int, end: int) -> Iterator[TextSpan]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield TextSpan(start, end)


def _ends_at_line(text: str, line: _Line, following: _Line) -> bool:
    """Say whether a line break ends a sentence rather than wraps it."""
    if line.heading is not None or following.heading is not None or line.is_code or following.is_code:
        return True
    between = text[line.end : following.start]
    if between.replace("\r\n", "\n").count("\n") > 1 or "\f" in between:
        return True
    if _BLOCK_START.match(text, following.start, following.end):
        return True
    first = text[following.start : following.end].lstrip()[0]
    return line.end - line.start < _SHORT_LINE_CHARS and not first.islower()


def _ends_within(text: str, line: _Line) -> Iterator[int]:
    """Yield where sentences end inside a line. Headings and code are left whole."""
    if line.heading is not None or line.is_code:
        return
    for match in _END.finditer(text, line.start, line.end):
        if match.end() < line.end and _is_end(text, line, match):
            yield match.end()


def _is_end(text: str, line: _Line, match: re.Match[str]) -> bool:
    if match.group() != ".":
        return match.group()[0] != "…" or not _next_is_lower(text, match.end(), line.end)
    word_match = _LAST_WORD.search(text, max(line.start, match.start() - 24), match.start())
    word = word_match.group().lower() if word_match else ""
    if word in _BEFORE_A_NAME or (len(word) == 1 and word.isalpha()):
        return False
    if word.isdigit() and not text[line.start : match.start() - len(word)].strip():
        return False  # the number of a list item
    if _next_is_lower(text, match.end(), line.end):
        return len(word) > 2 and "." not in word and word not in _BEFORE_A_WORD
    return True


def _next_is_lower(text: str, start: int, end: int) -> bool:
    following = _WORD.search(text, start, end)
    return following is not None and following.group()[0].islower()


# --- chunks --------------------------------------------------------------------------------------


def _sections(lines: list[_Line]) -> list[_Section]:
    """Group lines under their heading; a heading with nothing under it opens the next section."""
    sections: list[_Section] = []
    path: list[tuple[int, str]] = []
    has_body = True
    for line in lines:
        if line.heading is not None:
            path = [(level, title) for level, title in path if level < line.level] + [(line.level, line.heading)]
        if not sections or (line.heading is not None and has_body):
            sections.append(_Section("", line.start, []))
        section = sections[-1]
        section.lines.append(line)
        section.path = " > ".join(title for _, title in path if title)
        has_body = line.heading is None
        if line.heading is not None:
            section.heading_end = line.end
    return sections


def _units(text: str, section: _Section, max_chars: int) -> list[TextSpan]:
    """Return the pieces a section may be cut between, none longer than ``max_chars``.

    The heading and the first sentence under it are one piece, so that no chunk ends with a heading.
    """
    spans = list(_sentences(text, section.lines))
    n_headings = sum(span.end <= section.heading_end for span in spans)
    if n_headings > 0:
        first = spans[min(n_headings, len(spans) - 1)]
        spans = [TextSpan(spans[0].start, first.end), *spans[n_headings + 1 :]]
    return _split(text, spans, max_chars)


def _line_spans(text: str, part: OutlinePart) -> list[TextSpan]:
    """Return the lines of a part that are not empty; the indentation of all but the first belongs to them."""
    lines = re.finditer(r"[^\n\r\f]*\S", text[part.start : part.end])
    return [TextSpan(part.start + line.start(), part.start + line.end()) for line in lines]


def _messages(text: str, part: OutlinePart) -> list[TextSpan]:
    """Return the messages of a part, each with the lines that go on with it."""
    starts = message_starts(text, part)
    return [
        span for start, end in zip(starts, [*starts[1:], part.end], strict=True) for span in _trimmed(text, start, end)
    ]


def _split(text: str, spans: list[TextSpan], max_chars: int) -> list[TextSpan]:
    return [piece for span in spans for piece in _split_long(text, span, max_chars)]


def _split_long(text: str, span: TextSpan, max_chars: int) -> Iterator[TextSpan]:
    """Cut a sentence longer than ``max_chars`` at word ends, and a word longer than that anywhere."""
    start, end = span.start, span.start
    for word in _WORD.finditer(text, span.start, span.end):
        if word.end() - start > max_chars:
            if end > start:
                yield TextSpan(start, end)
            start = word.start()
            while word.end() - start > max_chars:
                yield TextSpan(start, start + max_chars)
                start += max_chars
        end = word.end()
    if end > start:
        yield TextSpan(start, end)


def _pack(text: str, units: list[TextSpan], max_chars: int, overlap: int) -> Iterator[TextSpan]:
    """Fill chunks with whole units; each but the first starts up to ``overlap`` characters before the last one's end.

    Amortised linear: every step consumes at least one unit.
    """
    starts = [unit.start for unit in units]
    first, start = 0, units[0].start if units else 0
    while first < len(units):
        last = first
        while last + 1 < len(units) and units[last + 1].end - start <= max_chars:
            last += 1
        yield TextSpan(start, units[last].end)
        first = last + 1
        if first < len(units):
            floor = max(units[last].end - overlap, units[first].end - max_chars)
            start = _overlap_start(text, starts, floor, units[last].end, units[first].start)


def _overlap_start(text: str, starts: list[int], floor: int, end: int, following: int) -> int:
    """Return the first sentence start at or after ``floor``, else the first word start, else the next unit's."""
    nearest = starts[bisect_left(starts, floor)]
    if nearest < end:
        return nearest
    for word in _WORD.finditer(text, floor, end):
        if word.start() > floor or floor == 0 or text[floor - 1].isspace():
            return word.start()
    return following
