"""The lines of a PDF with their fonts, and its bookmarks, by PDFium. Blocks; not thread-safe."""

from __future__ import annotations

import ctypes
import math
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

_BOLD_NAME = re.compile(rb"bold|black|heavy|demi", re.IGNORECASE)
_BOLD_WEIGHT = 600
_FORCE_BOLD = 1 << 18
"""A font descriptor's flag (ISO 32000-1, table 123)."""

# PDFium's marks for a hyphen at a line break; mostly the next line follows in the same string.
_BROKEN = re.compile("[\x02\ufffe](?=\\S)")
_HYPHEN = {ord(mark): "-" for mark in "\x02\ufffe"}

_NAME_BYTES = 200
_MAX_BOOKMARKS = 2_000


@dataclass(frozen=True, slots=True)
class PdfLine:
    """A line of a page. ``size`` is its smallest font size in points, 0 where unknown; ``is_bold``: all of it is."""

    text: str
    size: float = 0.0
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A PDF bookmark. ``level`` counts from 1, ``page`` from 0; -1 for one without a destination."""

    title: str
    level: int
    page: int


def read_lines(document: pypdfium2.PdfDocument, number: int) -> list[PdfLine]:
    """Return the stripped lines of page ``number``, which counts from 0."""
    page = document[number]
    text_page = page.get_textpage()
    lines = list(_with_fonts(_split(text_page.get_text_bounded()), list(_lines_with_font(text_page))))
    text_page.close()
    page.close()
    return lines


def _with_fonts(texts: Sequence[str], styles: Sequence[PdfLine]) -> Iterator[PdfLine]:
    """Yield the lines within a page's bounds, a subsequence of all its lines, with the fonts of these."""
    places: dict[str, deque[int]] = {}
    for place, line in enumerate(styles):
        places.setdefault(line.text, deque()).append(place)
    following = 0
    for text in texts:
        same = places.get(text, deque())
        while same and same[0] < following:
            same.popleft()
        if text and same:
            following = same[0] + 1
            yield styles[same[0]]
        else:
            yield PdfLine(text)


def read_bookmarks(document: pypdfium2.PdfDocument) -> list[Bookmark]:
    """Return a PDF's bookmarks (its outline), at most ``_MAX_BOOKMARKS``."""
    found = []
    for bookmark in document.get_toc():
        destination = bookmark.get_dest()
        page = destination.get_index() if destination is not None else None
        found.append(Bookmark(bookmark.get_title().strip(), bookmark.level + 1, -1 if page is None else page))
        if len(found) >= _MAX_BOOKMARKS:
            break
    return found


def _split(text: str) -> list[str]:
    return [_BROKEN.sub("", line.strip()).translate(_HYPHEN) for line in text.splitlines()]


def _lines_with_font(text_page: pypdfium2.PdfTextPage) -> Iterator[PdfLine]:
    """Yield every line that is not empty; its font is judged by its first, middle and last character."""
    start = 0
    for raw in text_page.get_text_range().splitlines(keepends=True):
        text = raw.strip()
        if text:
            first = start + _n_units(raw[: len(raw) - len(raw.lstrip())])
            last = first + _n_units(text) - 1
            fonts = [_font_at(text_page, place) for place in (first, (first + last) // 2, last)]
            yield PdfLine(_split(text)[0], min(size for size, _ in fonts), all(is_bold for _, is_bold in fonts))
        start += _n_units(raw)


def _n_units(text: str) -> int:
    """Return the length of a text in UTF-16 code units, which PDFium counts in."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _font_at(text_page: pypdfium2.PdfTextPage, place: int) -> tuple[float, bool]:
    """Return the font size in points of the character at an index of the text, and whether it is bold."""
    char = pdfium.FPDFText_GetCharIndexFromTextIndex(text_page, place)
    if char < 0:
        return 0.0, False
    matrix = pdfium.FS_MATRIX()
    scale = 1.0
    if pdfium.FPDFText_GetMatrix(text_page, char, ctypes.byref(matrix)):
        scale = math.hypot(matrix.c, matrix.d)  # many PDFs have fonts of size 1, scaled by the matrix
    name, flags = ctypes.create_string_buffer(_NAME_BYTES), ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text_page, char, name, _NAME_BYTES, ctypes.byref(flags))
    is_bold = (
        pdfium.FPDFText_GetFontWeight(text_page, char) >= _BOLD_WEIGHT
        or bool(flags.value & _FORCE_BOLD)
        or bool(_BOLD_NAME.search(name.value))
    )
    return pdfium.FPDFText_GetFontSize(text_page, char) * scale, is_bold
