"""Reading PowerPoint presentations (Office Open XML): each slide's title, text, tables and notes, in order."""

from __future__ import annotations

from typing import Any

from core.errors import BadInput
from core.knowledge.formats.document_text import DocumentText, ReadText, one_line
from core.knowledge.formats.table_grid import TableCell, grid, span
from core.knowledge.formats.zip_package import ZipPackage, attribute, local

_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"sldNum", "dt", "ftr", "sldImg", "hdr"})


def read(data: bytes, name: str) -> ReadText:
    """Return the first slide's title, and the text. Raises ``BadInput`` when it is damaged, protected or too large."""
    package = ZipPackage(data, name)
    main = next((target for kind, target in package.related("").values() if kind == "officeDocument"), "")
    if main not in package:
        raise BadInput("knowledge.damaged", name=name)
    related = package.related(main)
    out, title = DocumentText(name), ""
    for each in package.xml(main).iter():
        slide = next((related[value][1] for value in each.attrib.values() if value in related), "")
        if local(each) == "sldId" and slide in package:
            shown = _slide(package, slide, out)
            title = title or shown
    return ReadText(title or None, out.text())


def _slide(package: ZipPackage, slide: str, out: DocumentText) -> str:
    """Add a slide and its notes; return its title."""
    shapes = [each for each in package.xml(slide).iter() if local(each) in ("sp", "graphicFrame")]
    titles = [one_line(" ".join(_lines(each))) for each in shapes if _placeholder(each) in _TITLES]
    title = one_line(" ".join(titles))
    out.heading(2, title)
    for shape in shapes:
        if _placeholder(shape) not in _TITLES | _FURNITURE:
            _shape(shape, out)
    for kind, target in package.related(slide).values():
        if kind == "notesSlide" and target in package:
            for shape in package.xml(target).iter():
                if local(shape) == "sp" and _placeholder(shape) not in _FURNITURE:
                    out.paragraph("\n".join(_lines(shape)))
    return title


def _shape(shape: Any, out: DocumentText) -> None:
    tables = [each for each in shape.iter() if local(each) == "tbl"]
    for table in tables:
        rows = [[_cell(cell) for cell in row if local(cell) == "tc"] for row in table if local(row) == "tr"]
        out.table(grid([[cell for cell in row if cell is not None] for row in rows]))
    if tables:
        return
    paragraphs = [(each, _said(each)) for each in shape.iter() if local(each) == "p"]
    paragraphs = [(each, said) for each, said in paragraphs if said]
    is_list = len(paragraphs) > 1
    for each, said in paragraphs:
        if is_list:
            out.item(said, _depth(each))
        else:
            out.paragraph(said)


def _cell(cell: Any) -> TableCell | None:
    """Return a cell; ``None`` for one that is covered by another."""
    if "hMerge" in cell.attrib or "vMerge" in cell.attrib:
        return None
    return TableCell(" ".join(_lines(cell)), span(cell.get("gridSpan")), span(cell.get("rowSpan")))


def _placeholder(shape: Any) -> str:
    found = next((each for each in shape.iter() if local(each) == "ph"), None)
    return (attribute(found, "type") or "body") if found is not None else ""


def _depth(paragraph: Any) -> int:
    properties = next((each for each in paragraph if local(each) == "pPr"), None)
    level = attribute(properties, "lvl") if properties is not None else ""
    return int(level) if level.isdecimal() and len(level) == 1 else 0


def _lines(shape: Any) -> list[str]:
    return [said for each in shape.iter() if local(each) == "p" and (said := _said(each))]


def _said(paragraph: Any) -> str:
    """Return the text of a paragraph."""
    pieces = []
    for each in paragraph.iter():
        if local(each) == "t":
            pieces.append(each.text or "")
        elif local(each) == "br":
            pieces.append("\n")
    return one_line("".join(pieces))
