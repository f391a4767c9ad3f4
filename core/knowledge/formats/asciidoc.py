"""Reading AsciiDoc: sections, lists, delimited blocks, tables, admonitions, links, footnotes; nothing is included."""

from __future__ import annotations

import re

from core.knowledge.formats.document_text import DocumentText, ReadText, one_line
from core.knowledge.formats.table_grid import TableCell, grid, span

_HEADING = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*)")
_ATTRIBUTE = re.compile(r":(!?\w[\w-]{0,60}!?):(?:[ \t]+(.*)|$)")
_USED_ATTRIBUTE = re.compile(r"\{([\w-]{1,60})\}")
_BLOCK_ATTRIBUTES = re.compile(r"\[[^\[\]]*\]$|\[\[[^\]]*\]\]$")
_BLOCK_TITLE = re.compile(r"\.(?![.\s])(.+)")
_ITEM = re.compile(r"[ \t]*(\*{1,5}|-|\.{1,5}|\d{1,4}\.|<(?:\d{1,3}|\.)>)[ \t]+(\S.*)")
_CHECK = re.compile(r"\[[ x*]\][ \t]+")
_TERM = re.compile(r"[ \t]*(\S.*?)(:{2,4}|;;)(?:[ \t]+(.*)|$)")
_ADMONITION = re.compile(r"(NOTE|TIP|IMPORTANT|WARNING|CAUTION):[ \t]+(.*)")
_LABEL = re.compile(r"\[(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\b")
_DELIMITER = re.compile(r"(-{4,}|\.{4,}|\+{4,}|={4,}|\*{4,}|_{4,}|/{4,}|--|```\w*|\|===|,===|:===)[ \t]*$")
_VERBATIM = ("----", "....", "```")
_DIRECTIVE = re.compile(r"(?:include|image|video|audio|ifdef|ifndef|ifeval|endif|toc)::")
_CELL_SPEC = re.compile(r"(?:(?:(\d{1,3})(?:\.(\d{1,3}))?|\.(\d{1,3}))\+|\d{1,3}\*)?[<^>]?(?:\.[<^>])?[aehlmsdv]?$")

_INLINE = (
    (re.compile(r"footnote:(?:[\w-]{0,40})\[((?:[^\[\]]|\[[^\[\]]{0,100}\]){1,500})\]"), r" (\1)"),
    (re.compile(r"(?:link:|xref:)?(https?://[^\s\[\]]{1,300})\[([^\],^]{1,200})[^\]]{0,100}\]"), r"[\2](\1)"),
    (re.compile(r"(?:link|xref|mailto):[^\s\[\]]{1,300}\[([^\]^]{1,200})\^?\]"), r"\1"),
    (re.compile(r"<<[^<>,\n]{1,200},[ ]*([^<>\n]{1,300})>>"), r"\1"),
    (re.compile(r"<<([^<>,\n]{1,200})>>"), r"\1"),
    (re.compile(r"image:[^\s\[\]:]{1,300}\[([^\],]{0,200})[^\]]{0,200}\]"), r"\1"),
    (re.compile(r"(?:kbd|btn|menu|pass|stem|icon):[^\s\[\]]{0,60}\[([^\]]{0,300})\]"), r"\1"),
    (re.compile(r"\(\(\([^()\n]{1,200}\)\)\)|\[\[[^\]\n]{1,100}\]\]|\[#[^\]\n]{1,100}\]"), ""),
    (re.compile(r"(?<![\w*])\*{1,2}(\S(?:[^*\n]{0,500}\S)?)\*{1,2}(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\w_])_{1,2}(\S(?:[^_\n]{0,500}\S)?)_{1,2}(?![\w_])"), r"\1"),
    (re.compile(r"[ \t]\+$"), ""),
)


def read(text: str, name: str) -> ReadText:
    """Return a document's title and text. Raises ``BadInput`` when the text is too long."""
    reader = _AsciidocReader(text, name)
    return ReadText(reader.title or None, reader.read())


class _AsciidocReader:
    def __init__(self, text: str, name: str) -> None:
        self.title = ""
        self._out = DocumentText(name)
        self._lines = text.split("\n")
        self._attributes: dict[str, str] = {}
        self._said: list[str] = []
        self._item: tuple[int, str] | None = None  # the list item that is being read: its depth and its mark
        self._label = ""
        self._marks: list[str] = []  # of the lists that are open, outermost first
        self._numbers: list[int] = []
        if match := _HEADING.match(next((line for line in self._lines if line.strip()), "")):
            self.title = _heading_text(match)

    def read(self) -> str:
        i = 0
        while i < len(self._lines):
            i = self._line(i)
        self._flush()
        return self._out.text()

    def _line(self, i: int) -> int:
        """Read the line ``i`` or the block that begins there; return the next line."""
        line = self._lines[i].rstrip()
        if match := _DELIMITER.match(line):
            return self._block(i, match[1])
        if not line.strip() or line == "+":
            self._flush()
            return i + 1
        if line.startswith("//") or _DIRECTIVE.match(line) or line in ("'''", "<<<"):
            return i + 1
        if _BLOCK_ATTRIBUTES.match(line):
            label = _LABEL.match(line)
            self._flush()
            self._label = label[1].capitalize() if label else ""
            return i + 1
        self._text_line(line)
        return i + 1

    def _text_line(self, line: str) -> None:
        if match := _ATTRIBUTE.match(line):
            self._attributes[match[1].strip("!")] = one_line(match[2] or "")
        elif match := _HEADING.match(line):
            self._flush()
            self._end_lists()
            self._out.heading(len(match[1]), self._inline(_heading_text(match)))
        elif not self._said and (match := _BLOCK_TITLE.match(line)):
            self._out.paragraph(self._inline(match[1]))
        elif match := _ITEM.match(line):
            self._begin_item(match[1], match[2])
        elif match := _TERM.match(line):
            self._flush()
            self._item = (self._depth(match[2]), "-")
            self._said = [f"{match[1]}: {match[3] or ''}"]
        elif not self._said and (match := _ADMONITION.match(line)):
            self._said = [f"{match[1].capitalize()}: {match[2]}"]
        else:
            if not self._said and self._item is None:
                self._end_lists()
            self._said.append(line.strip() if self._item else line)

    def _begin_item(self, mark: str, text: str) -> None:
        self._flush()
        mark = "." if mark[0].isdigit() else "<" if mark[0] == "<" else mark
        depth = self._depth(mark)
        self._numbers[depth] += 1
        is_numbered = mark[0] in ".<"
        self._item = (depth, f"{self._numbers[depth]}." if is_numbered else "-")
        self._said = [_CHECK.sub("", text, count=1)]

    def _depth(self, mark: str) -> int:
        """Return how deep a list of this mark is nested, and close those deeper."""
        if mark not in self._marks:
            self._marks.append(mark)
            self._numbers.append(0)
        depth = self._marks.index(mark)
        del self._marks[depth + 1 :], self._numbers[depth + 1 :]
        return depth

    def _end_lists(self) -> None:
        self._marks.clear()
        self._numbers.clear()
        self._item = None

    def _flush(self) -> None:
        text = self._inline("\n".join(self._said))
        self._said = []
        if not text.strip():
            return
        if self._item is not None:
            self._out.item(text, *self._item)
            self._item = None
        else:
            self._out.paragraph(f"{self._label}: {text}" if self._label else text)
        self._label = ""

    def _block(self, i: int, delimiter: str) -> int:
        """Read a delimited block; what is not verbatim is read line by line, its delimiters being skipped."""
        self._flush()
        is_table, is_comment = delimiter.endswith("==="), delimiter.startswith("////")
        is_verbatim = delimiter.startswith(_VERBATIM)
        if not (is_verbatim or is_comment or (is_table and delimiter[0] in "|,:")):
            return i + 1
        closing = "```" if delimiter.startswith("```") else delimiter
        end = next((j for j in range(i + 1, len(self._lines)) if self._lines[j].rstrip() == closing), len(self._lines))
        inside = self._lines[i + 1 : end]
        if is_verbatim:
            self._out.code("\n".join(inside))
        elif is_table and delimiter[0] in "|,:":
            self._table(inside, delimiter[0])
        return end + 1

    def _table(self, lines: list[str], sign: str) -> None:
        if sign != "|":
            self._out.table([line.split(sign) for line in lines if line.strip()])
            return
        columns = self._columns(lines)
        cells: list[tuple[list[str], str]] = []  # the lines of each, and what stands before its bar
        first_row = 0
        for line in lines:
            before, *texts = re.split(r"(?<!\\)\|", line)
            if not line.strip():
                first_row = first_row or len(cells)
            elif not texts and cells:
                cells[-1][0].append(before)
            spec = before
            for n, text in enumerate(texts, start=1):
                said, _, last = text.rpartition(" ")
                is_spec = n < len(texts) and bool(last) and bool(_CELL_SPEC.match(last))
                cells.append(([said if is_spec else text], spec))
                spec = last if is_spec else ""
        shown = [_cell(self._inline(" ".join(said)), spec) for said, spec in cells]
        self._out.table(grid(_rows(shown, columns or first_row or len(cells))))

    def _columns(self, lines: list[str]) -> int:
        """Return the columns of a table: the cells of its first line."""
        first = next((line for line in lines if line.strip()), "")
        return sum(each.n_columns for each in _cells_of(first)) if first.count("|") > 1 else 0

    def _inline(self, text: str) -> str:
        text = _USED_ATTRIBUTE.sub(lambda used: self._attributes.get(used[1], used[0]), text)
        for pattern, shown in _INLINE:
            text = pattern.sub(shown, text)
        return text


def _heading_text(match: re.Match[str]) -> str:
    """Return the text of a heading without the marks that may close it."""
    return one_line(match[2].rstrip().removesuffix(f" {match[1]}"))


def _cells_of(line: str) -> list[TableCell]:
    return [TableCell(each) for each in line.split("|")[1:]]


def _cell(text: str, spec: str) -> TableCell:
    match = _CELL_SPEC.search(spec.strip())
    if match is None or not spec.strip():
        return TableCell(text.strip())
    return TableCell(text.strip(), span(match[1]), span(match[2] or match[3]))


def _rows(cells: list[TableCell], n_columns: int) -> list[list[TableCell]]:
    """Return cells in rows of ``n_columns``, with room for those that reach down from the rows above."""
    rows: list[list[TableCell]] = [[]]
    taken: dict[int, int] = {}  # by row: columns that cells from above take
    used = 0
    for cell in cells:
        while used + taken.get(len(rows) - 1, 0) >= n_columns:
            rows.append([])
            used = 0
        rows[-1].append(cell)
        used += cell.n_columns
        for below in range(cell.n_rows - 1):
            taken[len(rows) + below] = taken.get(len(rows) + below, 0) + cell.n_columns
    return rows
