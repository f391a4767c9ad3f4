"""The tree that docutils makes of reStructuredText, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from docutils import nodes

from core.knowledge.formats.document_text import DocumentText, one_line
from core.knowledge.formats.table_grid import TableCell, grid

_MAX_URL_CHARS = 200
_UNKNOWN_SUBSTITUTION = re.compile(r"\|([^|\n]{1,100})\|_{0,2}")
"""A reference to what ``rst_prolog`` of Sphinx's settings defines."""

_LEFT_OUT = (
    nodes.comment,
    nodes.system_message,
    nodes.substitution_definition,
    nodes.target,
    nodes.pending,
    nodes.raw,
    nodes.meta,
    nodes.transition,
)


class DoctreeReader:
    """Writes a tree to ``out``; ``title`` is its first heading."""

    def __init__(self, out: DocumentText) -> None:
        self.title = ""
        self._out = out
        self._level = 0
        self._depth = -1  # of lists

    def read(self, parent: nodes.Element) -> None:
        """Write the blocks in a node."""
        for node in parent.children:
            if not isinstance(node, _LEFT_OUT):
                self._block(node)

    def _block(self, node: Any) -> None:
        for kinds, write in _WRITERS:
            if isinstance(node, kinds):
                write(self, node)
                return
        self.read(node)

    def _section(self, node: Any) -> None:
        self._level += 1
        self.read(node)
        self._level -= 1

    def _heading(self, node: Any) -> None:
        text = one_line(_inline(node))
        self.title = self.title or text
        self._out.heading(self._level + isinstance(node, nodes.rubric), text)

    def _say(self, text: str) -> None:
        if self._depth < 0:
            self._out.paragraph(text)
        else:
            self._out.item(text, self._depth + 1, " ")

    def _text(self, node: Any) -> None:
        self._say(_inline(node))

    def _lines(self, node: Any) -> None:
        self._say("\n".join(_inline(line) for line in node.findall(nodes.line)))

    def _code(self, node: Any) -> None:
        self._out.code(node.astext())

    def _definitions(self, node: Any) -> None:
        for item in node.children:
            self._definition(item)

    def _list(self, node: Any) -> None:
        self._depth += 1
        start = int(node.get("start", 1))
        for number, item in enumerate(node.children, start=start):
            mark = f"{number}." if isinstance(node, nodes.enumerated_list) else "-"
            blocks = [each for each in item.children if not isinstance(each, _LEFT_OUT)]
            if blocks and isinstance(blocks[0], nodes.paragraph):
                self._out.item(_inline(blocks[0]), self._depth, mark)
                blocks = blocks[1:]
            for block in blocks:
                self._block(block)
        self._depth -= 1

    def _definition(self, item: Any) -> None:
        """Write a term, a field or an option with what it means: as one item where that is a paragraph."""
        named = [
            each
            for each in item.children
            if not isinstance(each, nodes.definition | nodes.field_body | nodes.description)
        ]
        inside = [block for each in item.children if each not in named for block in each.children]
        name = one_line(" ".join(_inline(each) for each in named)).rstrip(":")
        first = ""
        if inside and isinstance(inside[0], nodes.paragraph):
            first, inside = _inline(inside[0]), inside[1:]
        if not inside and not first and isinstance(item, nodes.field):  # such as Sphinx's ``:orphan:``
            return
        self._depth += 1
        self._out.item(f"{name}: {first}" if first else name, self._depth)
        for block in inside:
            if not isinstance(block, _LEFT_OUT):
                self._block(block)
        self._depth -= 1

    def _note(self, node: Any) -> None:
        labels = [each.astext() for each in node.children if isinstance(each, nodes.label)]
        said = " ".join(_inline(each) for each in node.children if not isinstance(each, nodes.label))
        self._out.paragraph(f"[{' '.join(labels)}] {one_line(said)}")

    def _admonition(self, node: Any) -> None:
        if "contents" in node.get("classes", ()):
            return
        kind = type(node).__name__
        titles = [each for each in node.children if isinstance(each, nodes.title)]
        label = one_line(" ".join(_inline(each) for each in titles)) or kind.capitalize()
        blocks = [each for each in node.children if each not in titles and not isinstance(each, _LEFT_OUT)]
        if blocks and isinstance(blocks[0], nodes.paragraph):
            self._say(f"{label}: {_inline(blocks[0])}")
            blocks = blocks[1:]
        else:
            self._say(f"{label}:")
        for block in blocks:
            self._block(block)

    def _table(self, node: Any) -> None:
        for title in node.findall(nodes.title):
            self._say(f"{_inline(title)}:")
        rows = [
            [
                TableCell(
                    one_line(" ".join(_inline(each) for each in entry.children)),
                    int(entry.get("morecols", 0)) + 1,
                    int(entry.get("morerows", 0)) + 1,
                )
                for entry in row.children
            ]
            for row in node.findall(nodes.row)
        ]
        self._out.table(grid(rows))


_WRITERS: tuple[tuple[tuple[type, ...], Callable[[DoctreeReader, Any], None]], ...] = (
    ((nodes.section,), DoctreeReader._section),
    ((nodes.title, nodes.subtitle, nodes.rubric), DoctreeReader._heading),
    ((nodes.bullet_list, nodes.enumerated_list), DoctreeReader._list),
    ((nodes.definition_list, nodes.field_list, nodes.option_list), DoctreeReader._definitions),
    ((nodes.literal_block, nodes.doctest_block, nodes.math_block), DoctreeReader._code),
    ((nodes.table,), DoctreeReader._table),
    ((nodes.footnote, nodes.citation), DoctreeReader._note),
    ((nodes.line_block,), DoctreeReader._lines),
    ((nodes.Admonition, nodes.topic, nodes.sidebar), DoctreeReader._admonition),
    ((nodes.TextElement, nodes.Text, nodes.image), DoctreeReader._text),
)
"""How each kind of node is written; the first that fits counts. Any other shows the blocks in it."""


def _inline(node: Any) -> str:
    """Return the text of a node with its code and its links to other sites as Markdown."""
    match node:
        case nodes.Text():
            return str(node.astext())
        case nodes.literal():
            return f"`{node.astext()}`"
        case nodes.math():
            return f"${node.astext()}$"
        case nodes.footnote_reference() | nodes.citation_reference():
            return f"[{node.astext()}]"
        case nodes.image():
            alt = str(node.get("alt", "") or "")
            return alt if " " in alt else ""  # a single word is most often the name of a badge
        case nodes.problematic():
            return _UNKNOWN_SUBSTITUTION.sub(r"\1", node.astext())
        case nodes.system_message() | nodes.raw() | nodes.target() | nodes.comment():
            return ""
        case nodes.reference() if len(uri := node.get("refuri", "")) <= _MAX_URL_CHARS and uri.startswith("http"):
            said = "".join(map(_inline, node.children))
            return said if said == uri else f"[{said}]({uri})"
        case nodes.Element():
            separator = " " if isinstance(node, nodes.list_item | nodes.bullet_list | nodes.enumerated_list) else ""
            return separator.join(map(_inline, node.children))
    return ""
