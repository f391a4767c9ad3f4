"""Reading Word documents (Office Open XML, ECMA-376 part 1): headings, lists, tables, foot- and endnotes, text boxes.

Headers, footers, comments and deleted text are left out; fields give the text last shown, and macros are never run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from core.errors import BadInput
from core.knowledge.formats.document_text import DocumentText, ReadText, one_line, telling_title
from core.knowledge.formats.table_grid import TableCell, grid, span
from core.knowledge.formats.zip_package import ZipPackage, attribute, local

_MAX_BOLD_HEADING_CHARS = 80
_SKIPPED = frozenset({"Fallback", "del", "moveFrom", "pPr", "rPr", "instrText", "txbxContent", "tbl"})
_SIGNS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_BULLETS = frozenset({"bullet", "none", ""})


def read(data: bytes, name: str) -> ReadText:
    """Return a document's title and text. Raises ``BadInput`` when it is damaged, protected or too large."""
    package = ZipPackage(data, name)
    main = next((target for kind, target in package.related("").values() if kind == "officeDocument"), "")
    if main not in package:
        raise BadInput("knowledge.damaged", name=name)
    reader = _DocxReader(package, main, name)
    text = reader.read()
    return ReadText(reader.title or telling_title(package.metadata_title("docProps/core.xml")), text)


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    based_on: str
    level: int | None
    numbering: tuple[str, int] | None


@dataclass(slots=True)
class _Paragraph:
    """A paragraph's text, the notes it refers to and the text boxes anchored in it."""

    text: str = ""
    is_bold: bool = True
    notes: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[Any] = field(default_factory=list)


class _DocxReader:
    def __init__(self, package: ZipPackage, main: str, name: str) -> None:
        self.title = ""
        self._out = DocumentText(name)
        parts = {kind: target for kind, target in package.related(main).values() if target in package}

        def part(kind: str) -> Any:
            return package.xml(parts[kind]) if kind in parts else ()

        self._body = next((each for each in package.xml(main) if local(each) == "body"), ())
        self._styles = {attribute(each, "styleId"): _style(each) for each in part("styles") if local(each) == "style"}
        self._formats = _number_formats(part("numbering"))
        self._notes = {kind: {attribute(each, "id"): each for each in part(kind)} for kind in ("footnotes", "endnotes")}
        self._counts: dict[str, Counter[int]] = {}  # by list and depth: items so far
        self._n_notes = 0
        self._has_headings = any(self._level(each) is not None for each in _all(self._body, "p"))

    def read(self) -> str:
        self._blocks(self._body)
        return self._out.text()

    def _blocks(self, parent: Any) -> None:
        for element in parent:
            match local(element):
                case "p":
                    self._paragraph(element)
                case "tbl":
                    self._table(element)
                case "sdt" | "sdtContent" | "ins" | "moveTo" | "customXml" | "smartTag":
                    self._blocks(element)

    def _paragraph(self, element: Any) -> None:
        said = _Paragraph()
        self._inline(element, said)
        text = said.text.strip()
        level, numbered = self._level(element), self._numbering(element)
        style = self._style_of(element)
        if style is not None and style.name == "title" and not self.title:
            self.title = one_line(text)
        if level is not None:
            self._out.heading(level + 1, text)
        elif numbered is not None:
            self._out.item(text, numbered[1], self._mark(numbered) if text else "-")
        elif self._is_bold_heading(said, text):
            self._out.heading(2, text)
        else:
            self._out.paragraph(text)
        for kind, number in said.notes:
            self._note(kind, number)
        for box in said.boxes:
            self._blocks(box)

    def _is_bold_heading(self, said: _Paragraph, text: str) -> bool:
        """Return whether a paragraph stands for a heading in a document that has no others."""
        is_short = 0 < len(text) <= _MAX_BOLD_HEADING_CHARS and "\n" not in text
        return not self._has_headings and said.is_bold and is_short and text[-1] not in ".,;:"

    def _note(self, kind: str, number: str) -> None:
        note = self._notes[kind].get(number)
        if note is None:
            return
        self._n_notes += 1
        said = " ".join(filter(None, (one_line(self._text(each)) for each in _all(note, "p"))))
        if said:
            self._out.paragraph(f"[^{self._n_notes}]: {said}")

    def _text(self, paragraph: Any) -> str:
        said = _Paragraph()
        self._inline(paragraph, said)
        return said.text

    def _inline(self, element: Any, said: _Paragraph) -> None:
        """Add what is in an element of a paragraph to ``said``."""
        pieces: list[str] = [said.text]
        stack = list(reversed(element))
        while stack:
            each = stack.pop()
            tag = local(each)
            if tag == "txbxContent":
                said.boxes.append(each)
            elif tag in ("footnoteReference", "endnoteReference"):
                said.notes.append((f"{tag[:-9]}s", attribute(each, "id")))
                pieces.append(f"[^{self._n_notes + len(said.notes)}]")
            elif tag == "t":
                pieces.append(each.text or "")
                said.is_bold = said.is_bold and (not (each.text or "").strip() or _is_bold(each.getparent()))
            elif tag in _SIGNS and local(each.getparent()) == "r":
                pieces.append(_SIGNS[tag])
            elif tag not in _SKIPPED:
                stack.extend(reversed(each))
        said.text = "".join(pieces)

    def _table(self, element: Any) -> None:
        rows = [each for each in element if local(each) == "tr"]
        notes: list[tuple[str, str]] = []
        cells = [[self._cell(cell, notes) for cell in row if local(cell) == "tc"] for row in rows]
        below: dict[int, int] = {}  # by column: in how many of the rows below the cell goes on
        merged: list[list[TableCell]] = []
        for row in reversed(cells):
            kept, column = [], 0
            for text, n_columns, is_continued in row:
                if is_continued:
                    below[column] = below.get(column, 0) + 1
                else:
                    kept.append(TableCell(text, n_columns, below.pop(column, 0) + 1))
                column += n_columns
            merged.append(kept)
        self._out.table(grid(merged[::-1]))
        for kind, number in notes:
            self._note(kind, number)

    def _cell(self, cell: Any, notes: list[tuple[str, str]]) -> tuple[str, int, bool]:
        """Return a cell's text, how many columns it covers, and whether it continues the one above."""
        lines = []
        for paragraph in _all(cell, "p"):
            said = _Paragraph(notes=notes)
            self._inline(paragraph, said)
            lines.append(one_line(said.text))
        properties = {local(each): each for row in cell if local(row) == "tcPr" for each in row}
        merge = properties.get("vMerge")
        n_columns = span(attribute(properties["gridSpan"], "val")) if "gridSpan" in properties else 1
        is_continued = merge is not None and attribute(merge, "val") in ("", "continue")
        return " ".join(filter(None, lines)), n_columns, is_continued

    # --- styles -----------------------------------------------------------------------------------

    def _style_of(self, paragraph: Any) -> _Style | None:
        chosen = _property(paragraph, "pStyle")
        return self._styles.get(attribute(chosen, "val")) if chosen is not None else None

    def _lineage(self, paragraph: Any) -> Iterator[_Style]:
        style, seen = self._style_of(paragraph), 0
        while style is not None and seen < 12:
            yield style
            style, seen = self._styles.get(style.based_on), seen + 1

    def _level(self, paragraph: Any) -> int | None:
        """Return the outline level of a paragraph, from 0; ``None`` for one that is no heading."""
        own = _property(paragraph, "outlineLvl")
        levels = [int(value)] if own is not None and (value := attribute(own, "val")).isdecimal() else []
        levels += [style.level for style in self._lineage(paragraph) if style.level is not None]
        return levels[0] if levels and levels[0] < 9 else None

    def _numbering(self, paragraph: Any) -> tuple[str, int] | None:
        """Return the number of the list that a paragraph is an item of, and how deep it is nested."""
        own = _property(paragraph, "numPr")
        found = _list_place(own) if own is not None else None
        for style in self._lineage(paragraph):
            found = found or style.numbering
        return found if found is not None and found[0] != "0" else None

    def _mark(self, numbered: tuple[str, int]) -> str:
        number, depth = numbered
        if self._formats.get((number, depth), "") in _BULLETS:
            return "-"
        counts = self._counts.setdefault(number, Counter())
        for deeper in [each for each in counts if each > depth]:
            del counts[deeper]
        counts[depth] += 1
        return f"{counts[depth]}."


def _all(parent: Any, name: str) -> list[Any]:
    return [each for each in parent.iter() if local(each) == name] if len(parent) else []


def _property(paragraph: Any, name: str) -> Any:
    for properties in paragraph:
        if local(properties) == "pPr":
            return next((each for each in properties if local(each) == name), None)
    return None


def _is_bold(run: Any) -> bool:
    bold = next((each for row in run if local(row) == "rPr" for each in row if local(each) == "b"), None)
    return bold is not None and attribute(bold, "val") not in ("0", "false")


def _list_place(numbering: Any) -> tuple[str, int] | None:
    values = {local(each): attribute(each, "val") for each in numbering}
    depth = values.get("ilvl", "0")
    return (values["numId"], int(depth) if depth.isdecimal() else 0) if "numId" in values else None


def _style(element: Any) -> _Style:
    values = {local(each): attribute(each, "val") for each in element}
    name = values.get("name", "").lower()
    kind, _, number = name.partition(" ")
    level = int(number) - 1 if kind == "heading" and number in set("123456789") else None
    if name == "title":
        level = 0
    outline = _property(element, "outlineLvl")
    if level is None and outline is not None and attribute(outline, "val").isdecimal():
        level = int(attribute(outline, "val"))
    numbering = _property(element, "numPr")
    return _Style(name, values.get("basedOn", ""), level, _list_place(numbering) if numbering is not None else None)


def _number_formats(numbering: Any) -> dict[tuple[str, int], str]:
    """Return the number format of each level of each list."""
    abstract: dict[str, dict[int, str]] = {}
    for each in numbering:
        if local(each) == "abstractNum":
            levels = [level for level in each if local(level) == "lvl"]
            abstract[attribute(each, "abstractNumId")] = {
                int(attribute(level, "ilvl") or 0): next(
                    (attribute(form, "val") for form in level if local(form) == "numFmt"), ""
                )
                for level in levels
            }
    return {
        (attribute(each, "numId"), depth): form
        for each in numbering
        if local(each) == "num"
        for reference in each
        if local(reference) == "abstractNumId"
        for depth, form in abstract.get(attribute(reference, "val"), {}).items()
    }
