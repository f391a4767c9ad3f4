"""Detecting headings in a PDF and their levels: by its bookmarks, else by font size and weight.

Where enough bookmarks match lines of their pages, these lines are the headings. Otherwise they are short lines in a
larger font than most characters, or in bold where most are not; each such style is a level, the largest first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby

from core.knowledge.pdf_lines import Bookmark, PdfLine

MAX_LEVEL = 6
_MAX_CHARS = 120
_MAX_LINES = 3
"""The most lines of one heading; more in the same style are text."""

_LARGER = 1.12
"""The least size of a heading that is not bold, as a multiple of the body's font size."""

_AS_LARGE = 0.97
"""The least size of a bold heading, as a multiple of the body's font size."""

_MAX_SHARE = 0.3
"""When more lines than this share would be headings by their font, none are."""

_FOUND_SHARE = 0.5
_LEAST_FOUND = 3
"""Bookmarks are used when this share, and at least ``_LEAST_FOUND``, of them match lines of their pages."""

_LIKE_HEADING = re.compile(r"#{1,6}\s")
_WORD = re.compile(r"[^\W\d_]{2,}")
_NO_TITLE = re.compile(
    r"[.,;]$|\.{4,}|(?:\s\.){3,}|^(?:[-*•–—▪◦]|[a-z]\))\s|^(?:page|página|pág\.?)\s*\d+", re.IGNORECASE
)
_NUMBERING = re.compile(
    r"^(?:(?:chapter|section|part|appendix|capítulo|seção|secção|parte|anexo|apêndice)\s+)?"
    r"(?:\d+(?:\.\d+)*|[A-Z](?:\.\d+)*|[IVXLC]+)[.):]?\s+",
    re.IGNORECASE,
)
_MAX_NUMBER_CHARS = 20
_MAX_SAME = 20
"""How many equal stretches of a page a bookmark is compared with."""
_NOT_WORDS = re.compile(r"[\W_]+")

Style = tuple[float, bool]
"""Font size in points, to 0.5, and whether it is bold."""


def with_headings(pages: Sequence[Sequence[PdfLine]], bookmarks: Sequence[Bookmark]) -> list[list[str]]:
    """Return the lines of every page, with headings in Markdown; one over several lines is joined."""
    levels = _levels_by_bookmarks(pages, bookmarks) or _levels_by_font(pages)
    return [list(_with_marks(page, levels.get(number, {}))) for number, page in enumerate(pages)]


def _with_marks(page: Sequence[PdfLine], levels: Mapping[int, int]) -> Iterator[str]:
    """Yield a page's lines; ``levels`` are those of its headings, by index of the line."""
    for (level, _), run in groupby(enumerate(page), key=lambda each: (levels.get(each[0], 0), _style(each[1]))):
        texts = [line.text for _, line in run]
        yield from [f"{'#' * level} {' '.join(texts)}"] if level else map(_as_text, texts)


def _as_text(line: str) -> str:
    """Indent a line that Markdown would take for a heading, such as a comment in code."""
    return f"    {line}" if _LIKE_HEADING.match(line) else line


def _levels_by_bookmarks(
    pages: Sequence[Sequence[PdfLine]], bookmarks: Sequence[Bookmark]
) -> dict[int, dict[int, int]]:
    """Return the levels of lines that bookmarks name, by page and index; empty when too few match."""
    levels: dict[int, dict[int, int]] = {}
    titles: dict[int, _PageTitles] = {}
    n_found = 0
    for bookmark in bookmarks:
        if bookmark.page not in titles:
            titles[bookmark.page] = _PageTitles(pages[bookmark.page] if 0 <= bookmark.page < len(pages) else ())
        places = titles[bookmark.page].find(bookmark.title)
        n_found += bool(places)
        for place in places:
            levels.setdefault(bookmark.page, {}).setdefault(place, min(bookmark.level, MAX_LEVEL))
    return levels if n_found >= max(_LEAST_FOUND, _FOUND_SHARE * len(bookmarks)) else {}


class _PageTitles:
    """The stretches of a page's lines that may be a title, by their words: with and without a number before them."""

    def __init__(self, page: Sequence[PdfLine]) -> None:
        self._whole: dict[str, list[tuple[range, int]]] = {}
        self._bare: dict[str, list[tuple[range, int]]] = {}
        for first in range(len(page)):
            for n_lines in range(1, min(_MAX_LINES, len(page) - first) + 1):
                text = " ".join(line.text for line in page[first : first + n_lines])
                stretch = range(first, first + n_lines), len(text)
                self._whole.setdefault(_plain(text), []).append(stretch)
                self._bare.setdefault(_plain(_NUMBERING.sub("", text)), []).append(stretch)

    def find(self, title: str) -> range:
        """Return the indexes of the first lines that together are a title, with or without its number; or none."""
        whole, bare = _plain(title), _plain(_NUMBERING.sub("", title))
        exact = self._near(self._whole, whole, title)
        numbered = [*self._near(self._bare, whole, title), *self._near(self._bare, bare, title)] if bare else []
        return next(iter(exact), None) or min(
            numbered, key=lambda places: (places.start, places.stop), default=range(0)
        )

    def _near(self, by_words: Mapping[str, list[tuple[range, int]]], words: str, title: str) -> list[range]:
        """Return the first stretch of these words that is about as long as a title, if there is one."""
        same = by_words.get(words, [])[:_MAX_SAME] if words else []
        return [places for places, n_chars in same if abs(n_chars - len(title)) <= _MAX_NUMBER_CHARS][:1]


def _plain(text: str) -> str:
    return _NOT_WORDS.sub(" ", text).strip().casefold()


def _levels_by_font(pages: Sequence[Sequence[PdfLine]]) -> dict[int, dict[int, int]]:
    """Return the levels of lines in the style of headings, by page and index."""
    body = _body_style(pages)
    if body is None:
        return {}
    runs = {number: list(_heading_runs(page, body)) for number, page in enumerate(pages)}
    if sum(map(len, runs.values())) > _MAX_SHARE * sum(len(page) for page in pages):
        return {}
    found = {number: list(chain.from_iterable(of_page)) for number, of_page in runs.items()}
    styles = sorted(
        {_style(pages[number][place]) for number, places in found.items() for place in places}, reverse=True
    )
    depth = {style: min(level, MAX_LEVEL) for level, style in enumerate(styles, start=1)}
    return {
        number: {place: depth[_style(pages[number][place])] for place in places} for number, places in found.items()
    }


def _body_style(pages: Sequence[Sequence[PdfLine]]) -> Style | None:
    """Return the style of most characters, if any has a known size."""
    n_chars: Counter[Style] = Counter()
    for page in pages:
        for line in page:
            if line.size > 0:
                n_chars[_style(line)] += len(line.text)
    return n_chars.most_common(1)[0][0] if n_chars else None


def _style(line: PdfLine) -> Style:
    return round(line.size * 2) / 2, line.is_bold


def _heading_runs(page: Sequence[PdfLine], body: Style) -> Iterator[list[int]]:
    """Yield the indexes of each heading's lines, which are consecutive and of one style."""
    for (stands_out, _), run in groupby(
        (place for place, line in enumerate(page) if line.text),
        key=lambda place: (_stands_out(page[place], body), _style(page[place])),
    ):
        places = list(run)
        text = " ".join(page[place].text for place in places)
        if stands_out and len(places) <= _MAX_LINES and len(text) <= _MAX_CHARS and not _NO_TITLE.search(text):
            yield places


def _stands_out(line: PdfLine, body: Style) -> bool:
    if line.size <= 0 or not _WORD.search(line.text):
        return False
    size, is_bold = body
    return line.size >= _LARGER * size or (line.is_bold and not is_bold and line.size >= _AS_LARGE * size)
