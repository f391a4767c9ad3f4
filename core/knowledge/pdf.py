"""Extracting text from PDF by PDFium: lines are joined to paragraphs, headings marked, headers and footers removed."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pypdfium2

from core.errors import BadInput
from core.knowledge.charset import normalise_text
from core.knowledge.formats.document_text import telling_title
from core.knowledge.ocr import is_ocr_installed, recognise_text
from core.knowledge.pdf_headings import with_headings
from core.knowledge.pdf_lines import read_bookmarks, read_lines

_PASSWORD = 4
"""FPDF_ERR_PASSWORD of ``fpdfview.h``."""

# PDFium is not thread-safe, not even for different documents.
_PDFIUM = threading.Lock()

_PAGE_NUMBER = re.compile(r"(?:page|página|pág\.?|p\.)?\s*\d{1,4}(?:\s*(?:/|of|de)\s*\d{1,4})?", re.IGNORECASE)
_LIST_ITEM = re.compile(r"(?:[-*•–—▪◦]|\d{1,3}[.)]|[a-z]\))\s")
_SENTENCE_END = re.compile(r"[.!?:;…][\"'”’»)\]]*$")
_HEADING = re.compile(r"#{1,6} ")
_MAX_SCANNED_PAGES = 100
_SCAN_DPI = 200
_MAX_SCAN_PIXELS = 4_000
"""The longer side of a page that is recognised."""

_FULL_LINE_SHARE = 0.75
"""A line shorter than this share of the longest one ends a paragraph."""


def read_pdf(data: bytes, name: str) -> tuple[str | None, str]:
    """Return a PDF's title, unless it is missing, a file name or a program's default, and its text.

    A scan is read by text recognition. Raises ``BadInput`` when it needs a password, is damaged, or is a scan that
    cannot be recognised.
    """
    try:
        with _PDFIUM:
            title, pages = _read(data)
    except pypdfium2.PdfiumError as error:
        key = "knowledge.encrypted" if error.err_code == _PASSWORD else "knowledge.damaged"
        raise BadInput(key, name=name) from None
    if not any(line.strip() for page in pages for line in page):
        return telling_title(title), normalise_text(_recognised(data, name))
    text = join_lines(_join_pages(strip_page_edges(pages)))
    return telling_title(title), normalise_text(text)


def _read(data: bytes) -> tuple[str, list[list[str]]]:
    with pypdfium2.PdfDocument(data) as document:
        title = document.get_metadata_value("Title").strip()
        pages = [read_lines(document, n) for n in range(len(document))]
        return title, with_headings(pages, read_bookmarks(document))


def _recognised(data: bytes, name: str) -> str:
    """Return the text of a scan. Raises ``BadInput`` when no OCR is installed, or there are too many pages."""
    if not is_ocr_installed():
        raise BadInput("knowledge.pdf_scanned", name=name)
    with _PDFIUM, pypdfium2.PdfDocument(data) as document:
        if len(document) > _MAX_SCANNED_PAGES:
            raise BadInput("knowledge.too_much_text", name=name)
        return recognise_text((_rendered(page) for page in document), name)


def _rendered(page: Any) -> bytes:
    """Return a page as a grey picture (PGM) of ``_SCAN_DPI``, smaller where it is very large."""
    scale = min(_SCAN_DPI / 72, _MAX_SCAN_PIXELS / max(*page.get_size(), 1))
    picture = page.render(scale=scale, grayscale=True).to_numpy()
    height, width = picture.shape[:2]
    return b"".join((b"P5 %d %d 255\n" % (width, height), picture.tobytes()))


def strip_page_edges(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """Remove page numbers at the edges of pages, and lines that most pages share there, except on the first page."""
    bodies = [body for page in pages if (body := _strip([line for line in page if line], frozenset()))]
    edges = Counter(line for body in bodies for line in {body[0], *_footer_candidates(body)})
    shared = frozenset(line for line, n_pages in edges.items() if n_pages >= 3 and n_pages > len(bodies) / 2)
    return bodies[:1] + [body for body in (_strip(body, shared) for body in bodies[1:]) if body]


def _footer_candidates(body: Sequence[str]) -> Sequence[str]:
    """Return the last line unless it continues the sentence before it."""
    return body[-1:] if len(body) > 1 and _SENTENCE_END.search(body[-2]) else ()


def _strip(body: Sequence[str], shared: frozenset[str]) -> list[str]:
    is_edge = [line in shared or bool(_PAGE_NUMBER.fullmatch(line)) for line in body]
    if all(is_edge):
        return []
    return list(body[is_edge.index(False) : len(body) - is_edge[::-1].index(False)])


def _join_pages(pages: Sequence[Sequence[str]]) -> list[str]:
    """Concatenate pages, with an empty line between them unless a sentence continues."""
    lines: list[str] = []
    for page in pages:
        if lines and (_SENTENCE_END.search(lines[-1]) or not page[0][0].islower()):
            lines.append("")
        lines += page
    return lines


def join_lines(lines: Sequence[str]) -> str:
    """Join lines to paragraphs and hyphenated words; list items, headings and empty lines keep their line breaks."""
    full = _FULL_LINE_SHARE * max((len(line) for line in lines), default=0)
    pieces = list(lines[:1])
    for previous, line in pairwise(lines):
        if previous.endswith("-") and previous[-2:-1].isalnum() and line[:1].islower():
            pieces[-1] = pieces[-1][:-1]
        elif line and len(previous) >= full and not _SENTENCE_END.search(previous) and not _breaks_here(previous, line):
            pieces.append(" ")
        else:
            pieces.append("\n")
        pieces.append(line)
    return "".join(pieces)


def _breaks_here(previous: str, line: str) -> bool:
    return bool(_LIST_ITEM.match(line) or _HEADING.match(line) or _HEADING.match(previous))
