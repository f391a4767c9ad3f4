"""Reading OpenDocument texts and presentations (ODF 1.3, ISO/IEC 26300): .odt, .odp and their templates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.errors import BadInput
from core.knowledge.formats.document_text import DocumentText, ReadText, one_line, telling_title
from core.knowledge.formats.table_grid import TableCell, grid, span
from core.knowledge.formats.zip_package import ZipPackage, attribute, local

_CONTAINERS = frozenset({"section", "index-body", "text-box", "frame", "custom-shape", "rect", "ellipse", "g"})
_SKIPPED = frozenset({"tracked-changes", "annotation", "sequence-decls", "forms", "table-of-content", "note"})
_MAX_SPACES = 100


def read(data: bytes, name: str) -> ReadText:
    """Return a document's title and text. Raises ``BadInput`` when it is damaged, protected or too large."""
    package = ZipPackage(data, name)
    if "META-INF/manifest.xml" in package and b"encryption-data" in package.read("META-INF/manifest.xml"):
        raise BadInput("knowledge.encrypted", name=name)
    reader = _OdfReader(package, name)
    text = reader.read()
    return ReadText(reader.title or telling_title(package.metadata_title("meta.xml")), text)


class _OdfReader:
    def __init__(self, package: ZipPackage, name: str) -> None:
        self.title = ""
        self._out = DocumentText(name)
        root = package.xml("content.xml")
        parts = [root, *([package.xml("styles.xml")] if "styles.xml" in package else ())]
        found = [each for part in parts for each in part.iter()]
        self._ordered = {
            (attribute(each, "name"), span(attribute(level, "level")) - 1)
            for each in found
            if local(each) == "list-style"
            for level in each
            if local(level) == "list-level-style-number" and attribute(level, "num-format")
        }
        self._parents = {
            attribute(each, "name"): attribute(each, "parent-style-name") for each in found if local(each) == "style"
        }
        self._body = next((each for each in root.iter() if local(each) in ("text", "presentation")), ())
        self._notes: list[str] = []
        self._n_notes = 0

    def read(self) -> str:
        self._blocks(self._body)
        return self._out.text()

    def _blocks(self, parent: Any) -> None:
        for element in parent:
            match local(element):
                case "h":
                    self._out.heading(span(attribute(element, "outline-level")), self._text(element))
                case "p":
                    self._paragraph(element)
                case "list":
                    self._list(element, 0, attribute(element, "style-name"))
                case "table":
                    self._table(element)
                case "page":
                    self._page(element)
                case tag if tag in _CONTAINERS:
                    self._blocks(element)
            self._flush_notes()

    def _paragraph(self, element: Any) -> None:
        text = self._text(element)
        style = attribute(element, "style-name")
        if "Title" in (style, self._parents.get(style)):
            self.title = self.title or one_line(text)
            self._out.heading(1, text)
        else:
            self._out.paragraph(text)
        for frame in element:
            if local(frame) in _CONTAINERS:
                self._blocks(frame)

    def _page(self, page: Any) -> None:
        """Add a slide: its title as a heading, its other text, its notes."""
        frames = [frame for frame in page if local(frame) in _CONTAINERS]
        for frame in frames:
            if attribute(frame, "class") == "title":
                title = one_line(" ".join(self._text(each) for each in _paragraphs(frame)))
                self.title = self.title or title
                self._out.heading(2, title)
        for frame in frames:
            if attribute(frame, "class") != "title":
                self._blocks([frame])
        for notes in (each for each in page if local(each) == "notes"):
            self._blocks(notes)

    def _list(self, element: Any, depth: int, style: str) -> None:
        is_ordered, number = (style, depth) in self._ordered, 0
        for item in element:
            if local(item) not in ("list-item", "list-header"):
                continue
            is_first = True
            for each in item:
                if local(each) == "list":
                    self._list(each, depth + 1, attribute(each, "style-name") or style)
                elif local(each) == "h":
                    self._blocks([each])
                elif text := self._text(each):
                    number += is_first
                    mark = (f"{number}." if is_ordered else "-") if is_first else ""
                    self._out.item(text, depth, mark or " ")
                    is_first = False

    def _table(self, element: Any) -> None:
        rows: list[list[TableCell]] = []
        for row in _rows(element):
            cells: list[TableCell] = []
            for cell in row:
                if local(cell) == "table-cell":
                    text = " ".join(filter(None, (one_line(self._text(each)) for each in _paragraphs(cell))))
                    made = TableCell(
                        text,
                        span(attribute(cell, "number-columns-spanned")),
                        span(attribute(cell, "number-rows-spanned")),
                    )
                    cells += [made] * (span(attribute(cell, "number-columns-repeated")) if text else 1)
            rows.append(cells)
        self._out.table(grid(rows))

    def _text(self, element: Any) -> str:
        """Return the text of a paragraph; its notes are kept for ``_flush_notes``."""
        pieces: list[str] = []
        self._inline(element, pieces)
        return "".join(pieces).strip()

    def _inline(self, element: Any, pieces: list[str]) -> None:
        pieces.append(element.text or "")
        for each in element:
            match local(each):
                case "s":
                    pieces.append(" " * min(span(attribute(each, "c")), _MAX_SPACES))
                case "tab":
                    pieces.append(" ")
                case "line-break":
                    pieces.append("\n")
                case "note":
                    self._n_notes += 1
                    pieces.append(f"[^{self._n_notes}]")
                    self._notes.append(self._note(each, self._n_notes))
                case tag if tag not in _SKIPPED and tag not in _CONTAINERS:
                    self._inline(each, pieces)
            pieces.append(each.tail or "")

    def _note(self, note: Any, number: int) -> str:
        body = next((each for each in note if local(each) == "note-body"), ())
        return f"[^{number}]: " + " ".join(one_line(self._text(each)) for each in _paragraphs(body))

    def _flush_notes(self) -> None:
        for note in self._notes:
            self._out.paragraph(note)
        self._notes.clear()


def _paragraphs(parent: Any) -> list[Any]:
    return [each for each in parent.iter() if local(each) in ("p", "h")] if len(parent) else []


def _rows(table: Any) -> Iterator[Any]:
    for each in table:
        if local(each) == "table-row":
            yield each
        elif local(each) in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows(each)
