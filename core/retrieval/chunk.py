"""Cuts texts into overlapping chunks fit for embedding, with exact character offsets.

Covers prose with Markdown, statutes by their articles, program code and chat logs. Chunk sizes are the specification's
(section 3.2: 1,200 characters, 200 overlap, cut at a sentence end); beyond it, no word is cut, progress
is guaranteed, and a chunk keeps the heading path it stands under.
Does not cover getting text out of files (``core.knowledge``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.retrieval.outline import OutlinePart, chat_parts, code_parts, message_starts
from core.retrieval.sentences import TextLine, TextSpan, sentences_in, text_lines, trimmed
from core.retrieval.statute import statute_marks
from core.types import Chunk

MAX_CHARS = 1200
OVERLAP = 200

_LINE = re.compile(r"[^\n\r\f]+")
_WORD = re.compile(r"\S+")


@dataclass(slots=True)
class _Section:
    path: str
    heading_end: int
    lines: list[TextLine]


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
    """Yield each section's path, and its units, which are not cut, of at most ``max_chars``."""
    if kind == "code":
        for part in code_parts(text):
            yield part.path, _split(text, _line_spans(text, part), max_chars)
    elif kind == "chat":
        for part in chat_parts(text):
            yield part.path, _split(text, _messages(text, part), max_chars)
    else:
        for section in _sections(text, text_lines(text)):
            yield section.path, _units(text, section, max_chars)


def searched_text(title: str, heading: str, text: str) -> str:
    """Return the text that a chunk is indexed and embedded by: title, headings, then its own text."""
    return "\n".join(part for part in (title, heading, text) if part)


def _sections(text: str, lines: Sequence[TextLine]) -> list[_Section]:
    """Group lines by heading, and by article in a statute; a heading with nothing under it joins the next section."""
    marks = statute_marks(text, lines)
    sections: list[_Section] = []
    path: list[tuple[int, str]] = []
    n_heading = 0  # lines of a heading still to come
    has_body = True
    for n, line in enumerate(lines):
        mark = marks.get(n)
        begins = line.heading is not None or mark is not None
        if line.heading is not None:
            path = _below(path, line.level, line.heading)
            n_heading = 1
        elif mark is not None:
            path = _below(path, mark.level, mark.label)
            n_heading = mark.n_lines
        if not sections or (begins and has_body):
            sections.append(_Section("", line.start, []))
        section = sections[-1]
        section.lines.append(line)
        section.path = " > ".join(title for _, title in path if title)
        has_body = n_heading == 0
        if n_heading > 0:
            section.heading_end = line.end
            n_heading -= 1
    return sections


def _below(path: Sequence[tuple[int, str]], level: int, title: str) -> list[tuple[int, str]]:
    return [(above, each) for above, each in path if above < level] + [(level, title)]


def _units(text: str, section: _Section, max_chars: int) -> list[TextSpan]:
    """Return the units of a section, which are not cut, of at most ``max_chars``.

    The heading and the first sentence under it are one unit, so that no chunk ends with a heading.
    """
    spans = list(sentences_in(text, section.lines))
    n_headings = sum(span.end <= section.heading_end for span in spans)
    if n_headings > 0:
        first = spans[min(n_headings, len(spans) - 1)]
        spans = [TextSpan(spans[0].start, first.end), *spans[n_headings + 1 :]]
    return _split(text, spans, max_chars)


def _line_spans(text: str, part: OutlinePart) -> list[TextSpan]:
    """Return the lines of a part that are not empty, with their indentation but for the first."""
    lines = ((line.start(), line.group().rstrip()) for line in _LINE.finditer(text, part.start, part.end))
    return [TextSpan(start, start + len(line)) for start, line in lines if line]


def _messages(text: str, part: OutlinePart) -> list[TextSpan]:
    """Return the messages of a part, each with its continuation lines."""
    starts = message_starts(text, part)
    return [
        span for start, end in zip(starts, [*starts[1:], part.end], strict=True) for span in trimmed(text, start, end)
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
    """Fill chunks with whole units; each but the first starts up to ``overlap`` characters before the end of the last.

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
