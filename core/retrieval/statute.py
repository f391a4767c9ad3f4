"""Statutes, bylaws and contracts: the lines at which their chapters and articles begin.

Covers Portuguese, Brazilian and English numbering: ``TÍTULO I``, ``CAPÍTULO II``, ``Art. 12.``, ``Artigo 5.º``,
``Cláusula 3ª``, ``Article 4``. Paragraphs (``§ 1º``), items (``I -``) and letters stay within
their article. Headings of Markdown are not its matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.retrieval.sentences import TextLine

_ARTICLE = re.compile(
    r"[*_ \t]{0,6}(?P<label>(?:Art(?:\.|igo|icle)|ART(?:\.|IGO|ICLE)|Cl[áa]usula|CL[ÁA]USULA|Clause)"
    r"[ ]{0,2}(?P<number>\d{1,4})(?:\.?[ºª°o](?!\w))?(?:-[A-Z](?!\w))?)\.?[*_]{0,3}"
    r"(?:[ ]{0,3}[.:–—-]|[ ]{1,3}(?=[A-ZÀ-Ý\"“(*_])|[ \t]*$)"
)
_DIVISION = re.compile(
    r"[*_ \t]{0,6}(?P<label>(?P<kind>T[ÍI]TULO|CAP[ÍI]TULO|SE[ÇC][ÃA]O|SUBSE[ÇC][ÃA]O|Cap[íi]tulo|Se[çc][ãa]o"
    r"|CHAPTER|PART)[ ]{1,2}(?:[IVXLC]{1,8}|\d{1,3}|[ÚU]NIC[OA]|[Úú]nic[oa])(?:-[A-Z])?)\b(?P<name>[^\n]{0,150})$"
)
_LEVELS = {"T": 7, "P": 7, "C": 8, "SE": 9, "SU": 10}
"""Levels below those of headings, by the first letters of a division's kind."""

_ARTICLE_LEVEL = 11
_MIN_ARTICLES = 3
_MAX_GAP = 10
"""An article's number is at most so far from the one before: others are mentioned where a line begins by chance."""

_MAX_NAME_CHARS = 150


@dataclass(frozen=True, slots=True)
class StatuteMark:
    """A line that begins a division or an article: its level (7 to 11) and what it is called.

    ``n_lines`` is how many lines are its heading: none of an article, whose text begins on the same line.
    """

    level: int
    label: str
    n_lines: int


def statute_marks(text: str, lines: Sequence[TextLine]) -> Mapping[int, StatuteMark]:
    """Return the marks of a text by the index of their line; none where it has fewer than three articles."""
    marks: dict[int, StatuteMark] = {}
    last, n_articles = 0, 0
    for n, line in enumerate(lines):
        if line.is_code or line.heading is not None:
            continue
        if match := _ARTICLE.match(text, line.start, line.end):
            number = int(match["number"])
            if 0 <= number - last <= _MAX_GAP or number == 1:
                last, n_articles = number, n_articles + 1
                marks[n] = StatuteMark(_ARTICLE_LEVEL, match["label"], 0)
        elif match := _DIVISION.match(text, line.start, line.end):
            marks[n] = _division(match, text, lines[n + 1 : n + 2])
    return marks if n_articles >= _MIN_ARTICLES else {}


def division(line: str, following: str) -> tuple[str, int]:
    """Return what a line calls the division of a statute that begins with it, and how many lines that takes; 0: none.

    ``following`` is the next line.
    """
    match = _DIVISION.match(line.strip())
    if match is None or not match["kind"].isupper():
        return "", 0
    below = [TextLine(0, len(following), None, 0, is_code=False)]
    mark = _division(match, following, below)
    return mark.label, mark.n_lines


def _division(match: re.Match[str], text: str, following: Sequence[TextLine]) -> StatuteMark:
    """Return the mark of a division; its name is on its line, or on the next one, in capitals."""
    name, n_lines = match["name"].strip(" *_.:–—-"), 1
    if not name and following:
        below = text[following[0].start : following[0].end].strip(" *_")
        if below.isupper() and len(below) <= _MAX_NAME_CHARS and not _ARTICLE.match(below):
            name, n_lines = below, 2
    kind = match["kind"].upper()
    level = _LEVELS.get(kind[:1], 0) or _LEVELS[kind[:2]]
    return StatuteMark(level, f"{match['label']} {name}".strip(), n_lines)
