"""The text of a document being written as Markdown: headings, paragraphs, list items, tables, code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import BadInput
from core.knowledge.charset import normalise_text

MAX_CHARS = 10_000_000
"""The most text one document may hold, so that a small file of repetitions fills no memory."""

_MAX_LEVEL = 6
_MAX_DEPTH = 12
_MAX_TABLE_CHARS = 900
"""A table of more is written as a record a line, so that each row says what its cells are wherever it is cut."""

_SPACE = re.compile(r"\s+")
_FENCE = re.compile(r"`{3,}")
_FILE_LIKE = re.compile(
    r"microsoft |powerpoint presentation|\(?(?:anonymous|untitled|unknown|unspecified|none|sem t[íi]tulo)\b"
    r"|(?:document|documento|presentation|slide|book|pasta|livro) ?\d*$|.*\.\w{2,5}$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ReadText:
    """What was read of a file: Markdown, and the title it gives itself, if any."""

    title: str | None
    text: str


def one_line(text: str) -> str:
    """Return ``text`` with each run of white space as one space."""
    return _SPACE.sub(" ", text).strip()


def telling_title(title: str | None) -> str | None:
    """Return a title of a file's metadata, or ``None`` for a program's default, a file name or nothing."""
    shown = one_line(title or "")
    return None if not shown or _FILE_LIKE.match(shown) else shown


class DocumentText:
    """Markdown, block by block. Every method raises ``BadInput`` once there is more than ``MAX_CHARS``."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pieces: list[str] = []
        self._n_chars = 0
        self._is_list = False

    def heading(self, level: int, text: str) -> None:
        """Add a heading of ``level`` 1..6; deeper ones count as 6."""
        if shown := one_line(text):
            self._add(f"{'#' * min(max(level, 1), _MAX_LEVEL)} {shown}")

    def paragraph(self, text: str) -> None:
        """Add a paragraph; its line breaks stay."""
        if shown := "\n".join(filter(None, map(str.strip, text.split("\n")))):
            self._add(shown)

    def item(self, text: str, depth: int = 0, mark: str = "-") -> None:
        """Add a list item nested ``depth`` lists deep (0: in none); ``mark`` is what it begins with."""
        if shown := one_line(text):
            self._add(f"{'  ' * min(depth, _MAX_DEPTH)}{mark} {shown}", is_item=True)

    def code(self, text: str, language: str = "") -> None:
        """Add a fenced block."""
        if text.strip():
            longest = max((len(run) for run in _FENCE.findall(text)), default=2)
            fence = "`" * max(3, longest + 1)
            self._add(f"{fence}{language}\n{text.strip(chr(10))}\n{fence}")

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Add a table whose first row is its header; as records where it is large. A single column is a list."""
        cells = [[one_line(cell) for cell in row] for row in rows]
        cells = [row for row in cells if any(row)]
        width = max((len(row) for row in cells), default=0)
        if width == 1 or len(cells) == 1:
            for row in cells:
                self.paragraph("; ".join(filter(None, row)))
            return
        n_chars = sum(len(cell) + 3 for row in cells for cell in row)
        if n_chars <= _MAX_TABLE_CHARS and not any("|" in cell for row in cells for cell in row):
            padded = [row + [""] * (width - len(row)) for row in cells]
            lines = [f"| {' | '.join(row)} |" for row in padded]
            self._add("\n".join([*lines[:1], "|" + "---|" * width, *lines[1:]]) if lines else "")
        elif cells:
            self.records(cells[0], cells[1:])

    def records(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add each row as a list item: ``Header: cell; Header: cell``. Empty cells are left out."""
        names = [one_line(name) for name in header]
        for row in rows:
            shown = [one_line(cell) for cell in row]
            named = zip([*names, *[""] * len(shown)], shown, strict=False)
            self.item("; ".join(f"{name}: {cell}" if name else cell for name, cell in named if cell))

    def markdown(self, text: str) -> None:
        """Add Markdown as it is."""
        if text.strip():
            self._add(text.strip("\n"))

    def text(self) -> str:
        """Return everything, normalised."""
        return normalise_text("".join(self._pieces))

    def _add(self, block: str, *, is_item: bool = False) -> None:
        if self._pieces:
            block = ("\n" if is_item and self._is_list else "\n\n") + block
        self._n_chars += len(block)
        if self._n_chars > MAX_CHARS:
            raise BadInput("knowledge.too_much_text", name=self._name)
        self._pieces.append(block)
        self._is_list = is_item


def demoted(text: str, levels: int = 1) -> str:
    """Return Markdown with its headings ``levels`` deeper; those of code stay."""
    from core.retrieval.sentences import text_lines

    pieces, end = [], 0
    for line in text_lines(text):
        if line.heading is not None:
            level = min(line.level + levels, _MAX_LEVEL)
            pieces += [text[end : line.start], f"{'#' * level} {line.heading}"]
            end = line.end
    return "".join([*pieces, text[end:]])
