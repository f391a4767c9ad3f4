"""Sentence segmentation with exact character offsets: prose, Markdown (headings, lists, tables, fenced code).

Rule-based, for English and Portuguese: sentence-final punctuation, abbreviations, and line breaks that end a block.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_HEADING = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+(.*)$")
_UNDERLINE = re.compile(r"[ ]{0,3}(?:(=+)|--+)[ \t]*$")
"""Below a paragraph of one line it makes that line a heading (CommonMark 4.3, setext headings)."""

_MAX_HEADING_CHARS = 200
"""Longer headings are cut: every chunk under a heading is embedded with it."""

_FENCE = re.compile(r"[ ]{0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)$")
_BLOCK_START = re.compile(r"[ \t]*(?:[-*+•–—|>]|\d{1,3}[.)]|[a-z]\)|#{1,6}\s|```|~~~)")
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?=\s|$)|[。！？]+")
_CLOSING = "\"'”’»)]"
"""A mark before one of these ends what is within brackets or quotation marks, not always the sentence around it."""

_FINAL = re.compile(r"(?<![.!?…])[.!?…]{1,3}[\"'”’»)\]]{0,3}$")
_MAX_FINAL_CHARS = 8
_LAST_WORD = re.compile(r"[^\s(\[\"'“‘«]*$")
_WORD = re.compile(r"\S+")
_SHORT_LINE_CHARS = 50
"""Below this, a line break before a capital ends a sentence; a longer line was probably wrapped."""

_NEVER_FINAL = frozenset(
    _WORD.findall(
        "mr mrs ms dr drs st sta sto prof rev gen sgt capt lt jr vs fig figs eq eds pp pg vol e.g i.e cf "
        "sr sra srs sras dra dras profa exmo exma ilmo ilma av art arts al pág págs séc núm par parág nº p.ex"
    )
)
"""Abbreviations that always precede something, so that their full stop never ends a sentence."""

_SELDOM_FINAL = frozenset(
    _WORD.findall("approx dept est max min tel ext inc ltd etc sept aprox depto seg máx mín obs cia ltda adm ref")
)
"""Abbreviations whose full stop ends a sentence only when the next word is capitalised."""


_BEFORE_ROMAN, _ROMAN = frozenset({"inc", "incs", "cap", "tít", "sec", "vol"}), re.compile(r"\s+[IVXLC]{1,8}\b")
"""Abbreviations whose full stop ends no sentence before a Roman numeral: ``inc. IV`` of an article."""

_NUMBER = re.compile(
    r"[*_]{0,4}(?:(?:arts?|artigo|cap|sec|section|rule|regra|item|§)\.? ?)?\d[\d.]*+[ºª°]?", re.IGNORECASE
)
_MAX_NUMBER_CHARS = 24
"""What a line begins with that its full stop does not end: the number of a list item, of an article or of a rule."""


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A piece of a text: ``text[start:end]``, with no white space at either end."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line that is not empty; ``heading`` is its text where it is a Markdown heading of ``level`` 1..6."""

    start: int
    end: int
    heading: str | None
    level: int
    is_code: bool


def sentences(text: str) -> list[TextSpan]:
    """Return the sentences of ``text`` in order; every character but white space is in exactly one.

    List items, table rows, headings, lines of code and short lines count as sentences of their own.
    """
    return list(sentences_in(text, text_lines(text)))


def text_lines(text: str) -> list[TextLine]:
    """Return the lines of ``text`` that are not empty, with headings and fenced code marked."""
    lines: list[TextLine] = []
    fence = ""
    for match in re.finditer(r"[^\n\r\f]+", text):
        line = match.group()
        opening = _FENCE.match(line)
        is_code = bool(fence or opening)
        if opening and not fence:
            fence = opening.group(1)
        elif opening and opening.group(1).startswith(fence) and not opening.group(2).strip():
            fence = ""  # a fence is closed by one at least as long (CommonMark 4.5)
        heading = None if is_code else _HEADING.match(line)
        if not is_code and _is_underline(text, lines, match):
            lines[-1] = _underlined(text, lines[-1], match)
            continue
        lines.append(
            TextLine(
                start=match.start(),
                end=match.end(),
                heading=_heading_text(heading.group(2)) if heading else None,
                level=len(heading.group(1)) if heading else 0,
                is_code=is_code,
            )
        )
    return [line for line in lines if text[line.start : line.end].strip()]


def _is_underline(text: str, lines: Sequence[TextLine], match: re.Match[str]) -> bool:
    """Return whether a line makes a heading of the line right above it, a paragraph of its own."""
    if not lines or not _UNDERLINE.match(match.group()):
        return False
    above = lines[-1]
    is_adjacent = text[above.end : match.start()].replace("\r\n", "\n") == "\n"
    before = lines[-2] if len(lines) > 1 else None
    is_alone = before is None or before.heading is not None or "\n\n" in text[before.end : above.start]
    is_plain = above.heading is None and not above.is_code and not _BLOCK_START.match(text, above.start, above.end)
    has_words = any(character.isalnum() for character in text[above.start : above.end])
    return is_adjacent and is_alone and is_plain and has_words and "|" not in text[above.start : above.end]


def _underlined(text: str, above: TextLine, underline: re.Match[str]) -> TextLine:
    level = 1 if "=" in underline.group() else 2
    return TextLine(above.start, underline.end(), _heading_text(text[above.start : above.end]), level, is_code=False)


def _heading_text(line: str) -> str:
    """Return the text of a heading without the number signs that may close it: those after white space alone."""
    text = line.strip()
    open_ = text.rstrip("#")
    is_closed = open_ != text and (not open_ or open_[-1] in " \t")
    return (open_.rstrip() if is_closed else text)[:_MAX_HEADING_CHARS]


def sentences_in(text: str, lines: Sequence[TextLine]) -> Iterator[TextSpan]:
    """Yield the sentences of some of the lines of ``text``."""
    start = lines[0].start if lines else 0
    for n, line in enumerate(lines):
        following = lines[n + 1] if n + 1 < len(lines) else None
        for end in _ends_within(text, line):
            yield from trimmed(text, start, end)
            start = end
        if following is None or _ends_at_line(text, line, following):
            yield from trimmed(text, start, line.end)
            start = line.end


def trimmed(text: str, start: int, end: int) -> Iterator[TextSpan]:
    """Yield ``text[start:end]`` without white space at its ends; nothing where it is all white space."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield TextSpan(start, end)


def _ends_at_line(text: str, line: TextLine, following: TextLine) -> bool:
    """Return whether a line break ends a sentence rather than wraps it."""
    if line.heading is not None or following.heading is not None or line.is_code or following.is_code:
        return True
    between = text[line.end : following.start]
    if between.replace("\r\n", "\n").count("\n") > 1 or "\f" in between:
        return True
    if _BLOCK_START.match(text, following.start, following.end):
        return True
    first = text[following.start : following.end].lstrip()[0]
    if unicodedata.category(first) == "So":  # a pictograph begins a line as the mark of a list item does
        return True
    return not first.islower() and (line.end - line.start < _SHORT_LINE_CHARS or _ends_sentence(text, line))


def _ends_sentence(text: str, line: TextLine) -> bool:
    """Return whether a sentence ends with the line, by its punctuation."""
    end = line.end - len(text[line.start : line.end]) + len(text[line.start : line.end].rstrip())
    match = _FINAL.search(text, max(line.start, end - _MAX_FINAL_CHARS), end)
    first = line.end - len(text[line.start : line.end].lstrip())
    return match is not None and _is_end(text, first, line.end, match)


def _ends_within(text: str, line: TextLine) -> Iterator[int]:
    """Yield where sentences end inside a line. Headings and code are left whole."""
    if line.heading is not None or line.is_code:
        return
    first = line.end - len(text[line.start : line.end].lstrip())
    for match in _END.finditer(text, line.start, line.end):
        if match.end() < line.end and _is_end(text, first, line.end, match):
            yield match.end()


def _is_end(text: str, first: int, line_end: int, match: re.Match[str]) -> bool:
    """Return whether a match of ``_END`` ends a sentence; ``first`` is the line's first character but white space."""
    if match.group() != ".":
        may_go_on = match.group()[0] == "…" or match.group()[-1] in _CLOSING
        return not (may_go_on and _next_is_lower(text, match.end(), line_end))
    word_match = _LAST_WORD.search(text, max(first, match.start() - 24), match.start())
    word = word_match.group().lower().strip("*_") if word_match else ""
    if word in _NEVER_FINAL or (len(word) == 1 and word.isalpha()):
        return False
    if word in _BEFORE_ROMAN and _ROMAN.match(text, match.end(), line_end):
        return False
    if match.start() - first <= _MAX_NUMBER_CHARS and _NUMBER.fullmatch(text, first, match.start()):
        return False
    if _next_is_lower(text, match.end(), line_end):
        return len(word) > 2 and "." not in word and word not in _SELDOM_FINAL
    return True


def _next_is_lower(text: str, start: int, end: int) -> bool:
    following = _WORD.search(text, start, end)
    return following is not None and following.group()[0].islower()
