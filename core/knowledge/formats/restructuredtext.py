"""Reading reStructuredText by docutils.

Directives and roles that it does not know, such as Sphinx's, show their content.
Nothing is included from other files, and raw passages in other formats are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Any, ClassVar

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles
from docutils.parsers.rst.languages import en

from core.errors import BadInput
from core.knowledge.formats.doctree import DoctreeReader
from core.knowledge.formats.document_text import DocumentText, ReadText

_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,
    "halt_level": 5,
    "warning_stream": False,
    "_disable_config": True,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "sectnum_xform": False,
    "smart_quotes": False,
    "syntax_highlight": "none",
    "line_length_limit": 10_000_000,
}
_DIRECTIVE = re.compile(
    r"^[ \t]*+(?:(?:[-*+]|\d{1,4}\.)[ \t]++)?\.\.[ \t]++(?:\|[^|\n]{1,100}\|[ \t]++)?"
    r"([\w:.+-]{1,60}?)[ \t]?::(?:[ \t]|$)",
    re.MULTILINE,
)
_ROLE = re.compile(r":([a-zA-Z][\w:.+-]{0,40}):`|`:([a-zA-Z][\w:.+-]{0,40}):")
_TARGET = re.compile(r"(?P<said>[^<]*[^<\s])\s*<[^<>]*>")

_MAX_BLOCK_CHARS = 6_000

_CODE = frozenset(
    {
        "code-block",
        "sourcecode",
        "prompt",
        "testcode",
        "testsetup",
        "testoutput",
        "doctest",
        "ipython",
        "productionlist",
    }
)
_LEFT_OUT = frozenset(
    re.findall(
        r"\S+",
        "toctree index currentmodule module py:module py:currentmodule literalinclude tabularcolumns sectionauthor"
        " codeauthor automodule autosummary highlight graphviz inheritance-diagram video youtube ifconfig",
    )
)
_LABELS = {
    "seealso": "See also",
    "versionadded": "New in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "versionremoved": "Removed in version",
}
_NAMING = frozenset(
    {"class", "meth", "func", "attr", "exc", "obj", "mod", "data", "file", "command", "option", "program"}
)
_UNSAID = frozenset({"only", "tabs", "tab-set", "grid", "container", "highlights", "hlist", "glossary", "admonition"})
"""Directives whose argument says nothing to a reader."""


def read(text: str, name: str) -> ReadText:
    """Return a document's first heading, and its text. Raises ``BadInput`` when it is nested without end."""
    _register(text)
    out = DocumentText(name)
    try:
        tree = publish_doctree(bounded(text), settings_overrides=_SETTINGS)
        reader = DoctreeReader(out)
        reader.read(tree)
    except RecursionError:
        raise BadInput("knowledge.too_much_text", name=name) from None
    return ReadText(reader.title or None, out.text())


def bounded(text: str) -> str:
    """Return a text without blocks of much more than ``_MAX_BLOCK_CHARS``: docutils takes time with their square.

    Longer ones are parted by an empty line; a table at a border, which is repeated below it.
    """
    lines: list[str] = []
    n_chars = 0
    for line in chain.from_iterable(map(_short_lines, text.split("\n"))):
        n_chars = n_chars + len(line) + 1 if line.strip() else 0
        is_table = line.lstrip().startswith(("+", "|"))
        is_border = is_table and not line.strip(" +-=")
        lines.append(line)
        if n_chars > _MAX_BLOCK_CHARS and (is_border or not is_table):
            lines += ["", line] if is_border else [""]
            n_chars = 0
    return "\n".join(lines)


def _short_lines(line: str) -> Iterator[str]:
    """Yield a line, or one that is longer than a block in pieces, cut at spaces where it has some, as paragraphs."""
    start = 0
    while len(line) - start > _MAX_BLOCK_CHARS:
        space = line.rfind(" ", start + 1, start + _MAX_BLOCK_CHARS)
        end = space if space > 0 else start + _MAX_BLOCK_CHARS
        yield line[start:end].lstrip()
        yield ""
        start = end
    yield line[start:] if start == 0 else line[start:].lstrip()


def _register(text: str) -> None:
    """Make docutils know the directives and roles of a text."""
    for name in {found.lower() for found in _DIRECTIVE.findall(text)} - (en.directives.keys() - _CODE):
        directives.register_directive(name, _ContentDirective)
    for name in {(first or second).lower() for first, second in _ROLE.findall(text)} - en.roles.keys():
        roles.register_local_role(name, _shown_role)


def _shown_role(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, options: Any = None, content: Any = None
) -> tuple[list[nodes.Node], list[nodes.Node]]:
    """Return what an unknown role shows: ``Title`` of ``Title <target>``, ``client`` of ``~discord.client``."""
    said = nodes.unescape(text)
    match = _TARGET.fullmatch(said)
    if match:
        return [nodes.inline(rawtext, match["said"])], []
    shown = said.rpartition(".")[2] if said.startswith("~") else said.lstrip("!")
    return [nodes.literal(rawtext, shown) if ":" in name or name in _NAMING else nodes.inline(rawtext, shown)], []


class _AnyOption(dict[str, Any]):
    """Options of any name, taken as they are."""

    def __missing__(self, name: str) -> Any:
        return directives.unchanged


class _ContentDirective(Directive):  # type: ignore[misc]  # docutils ships no types
    """A directive that docutils does not know: its argument, and what is in it."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = _AnyOption(name=directives.unchanged)

    def run(self) -> list[nodes.Node]:
        """Return the nodes that stand for the directive."""
        name = self.name.lower()
        argument = " ".join(" ".join(self.arguments).split())
        if name in _LEFT_OUT:
            return []
        if name in _CODE:
            return [nodes.literal_block("\n".join(self.content), "\n".join(self.content))]
        inside = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, inside, match_titles=True)
        label = _LABELS.get(name, "")
        said = "" if name in _UNSAID and not label else argument
        if said and not label and inside.children:
            term = nodes.term("", "", nodes.literal(said, said))
            return [
                nodes.definition_list("", nodes.definition_list_item("", term, nodes.definition("", *inside.children)))
            ]
        shown = f"{label} {said}".strip()
        if label and inside.children and isinstance(inside.children[0], nodes.paragraph):
            inside.children[0].insert(0, nodes.Text(f"{shown}: "))
            return list(inside.children)
        return [*([nodes.paragraph(shown, shown)] if shown else []), *inside.children]
