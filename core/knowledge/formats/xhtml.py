"""Whole XHTML documents as Markdown: every word of a book's chapter, where ``core.knowledge.html`` seeks an article."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from core.knowledge.formats.document_text import DocumentText
from core.knowledge.formats.table_grid import TableCell, grid, span

_SKIPPED = frozenset({"script", "style", "head", "template", "noscript", "svg", "math", "nav"})
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer"
        " form h1 h2 h3 h4 h5 h6 header hr html li main ol p pre section summary table tbody td tfoot th thead tr ul",
    )
)
_SPACE = re.compile(r"[ \t\r\n\f]+")
_BREAK = "\x0b"
"""Stands for a line break until white space was collapsed."""


def add_xhtml(data: bytes, out: DocumentText) -> str:
    """Add the text of a page to ``out``; return the page's title, empty for none."""
    root = etree.fromstring(data, etree.HTMLParser(no_network=True, huge_tree=False)) if data.strip() else None
    if root is None:
        return ""
    title = next((each.text or "" for each in root.iter("title")), "")
    _XhtmlReader(out).read(root)
    return title.strip()


class _XhtmlReader:
    def __init__(self, out: DocumentText) -> None:
        self._out = out
        self._said: list[str] = []  # inline text of the block that is being read
        self._depth = -1  # of lists
        self._mark = ""  # of the list item that begins

    def read(self, element: Any) -> None:
        """Add everything in an element."""
        self._children(element)
        self._flush()

    def _children(self, element: Any) -> None:
        self._said.append(element.text or "")
        for each in element:
            self._element(each)
            self._said.append(each.tail or "")

    def _element(self, each: Any) -> None:
        tag = each.tag if isinstance(each.tag, str) else ""
        if not tag or tag in _SKIPPED:
            return
        if tag not in _BLOCKS:
            self._said.append({"br": _BREAK, "img": each.get("alt") or ""}.get(tag, ""))
            self._children(each)
            return
        self._flush()
        if tag in ("ul", "ol"):
            self._list(each)
        elif tag == "table":
            self._out.table(grid(_rows(each)))
        elif tag == "pre":
            self._out.code("".join(each.itertext()))
        elif tag[0] == "h" and tag[1:].isdecimal():
            self._out.heading(int(tag[1:]), "".join(each.itertext()))
        else:
            self._children(each)
            self._flush()

    def _list(self, element: Any) -> None:
        self._depth += 1
        number = 0
        for item in element:
            number += item.tag == "li"
            self._mark = "" if item.tag != "li" else f"{number}." if element.tag == "ol" else "-"
            if isinstance(item.tag, str):
                self._children(item)
                self._flush()
        self._depth -= 1
        self._mark = ""

    def _flush(self) -> None:
        lines = _SPACE.sub(" ", "".join(self._said)).split(_BREAK)
        text = "\n".join(line.strip() for line in lines).strip()
        self._said.clear()
        if not text:
            return
        if self._depth < 0:
            self._out.paragraph(text)
        else:
            self._out.item(text, self._depth, self._mark or " ")
            self._mark = ""


def _rows(table: Any) -> list[list[TableCell]]:
    return [
        [
            TableCell(" ".join("".join(cell.itertext()).split()), span(cell.get("colspan")), span(cell.get("rowspan")))
            for cell in row.iterchildren("td", "th")
        ]
        for row in table.xpath("tr | thead/tr | tbody/tr | tfoot/tr")
    ]
