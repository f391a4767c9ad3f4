"""Extracting the main text of HTML pages as Markdown, by trafilatura; login walls and script-only pages are refused.

Trafilatura is imported with the first page: it is more than half of what a parsing process takes to start, and most
documents are no pages.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from core.control_characters import without_controls
from core.errors import BadInput
from core.knowledge.charset import normalise_text

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*+(?:[\"']\s*+)?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_CHARSET_HEAD_BYTES = 4096
_CODE = re.compile(r"(^[ ]*```.*?^[ ]*```|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
_EMPHASIS = re.compile(r"(?<![\\\w*])(\*{1,3})(?=\S)((?:\\.|[^*\\\n])+?)(?<=\S)\1(?![\w*])")
_ESCAPED = re.compile(r"(?<!\n)\\([^A-Za-z0-9\s])")
_BREAK = "\u240a"
"""Stands for a line break during extraction: a symbol that trafilatura keeps and pages have no use for."""

_WORD_JOINER = "\u2060"
"""An invisible character that ``normalise_text`` removes."""

_USUAL_MIN_CHARS = 250
"""trafilatura's default of the shortest extraction that counts as a success."""

_SIGN_IN = re.compile(
    r"\b(?:sign|log)[ -]?(?:in|on)\b|\bentrar\b|\bfazer login\b|\bacess[ae]r? (?:a |sua )?conta\b", re.I
)

MAX_CHARS = 5_000_000
"""Extraction takes about two seconds of processor time for a million characters."""

_MAX_ELEMENTS = 12_000
"""A page of more is extracted in parts: trafilatura's XPath expressions take time with the square of the paragraphs."""

_CONTAINERS = {
    **{tag: tag for tag in ("ul", "ol", "dl", "table", "blockquote", "pre")},
    **{tag: "table" for tag in ("tbody", "thead", "tfoot")},
}
"""Elements whose children are kept in one like them, by tag."""

MAX_WALL_CHARS = 400
"""A page with a sign-in form and at most so much text is a login wall."""


def declared_charset(data: bytes) -> str | None:
    """Return the character set a page declares in its head, if it does."""
    match = _CHARSET.search(data[:_CHARSET_HEAD_BYTES])
    return match.group(1).decode("ascii") if match else None


def read_html(page: str, name: str) -> tuple[str | None, str]:
    """Return a page's title, if any, and its main text, which is empty only for an empty page.

    Raises ``BadInput`` when the page is a login wall, needs JavaScript to show its text, or is over ``MAX_CHARS``.
    """
    from trafilatura.utils import load_html

    if len(page) > MAX_CHARS:
        raise BadInput("knowledge.too_large", name=name, size_mb=len(page) / 1e6, limit_mb=MAX_CHARS / 1e6)
    tree = load_html(page if "<body" in page[:100_000].lower() else f"<html><body>{page}</body></html>")
    if tree is None:
        return None, ""
    for element in tree.xpath("//noscript"):
        element.drop_tree()
    _keep_lines(tree)
    title, n_scripts, is_form = _title(tree), len(tree.xpath("//script")), _is_sign_in(tree)
    text = _main_text(tree)
    if is_form and len(text) <= MAX_WALL_CHARS:
        raise BadInput("knowledge.login_wall", name=name)
    if not text and n_scripts:
        raise BadInput("knowledge.needs_javascript", name=name)
    return title, text


def published_date(page: str) -> datetime | None:
    """Return the date of last change, or of publication, from a page's metadata; ``None`` where it has none."""
    from trafilatura.metadata import extract_metadata

    found = extract_metadata(page, extensive=False)
    return datetime.fromisoformat(found.date).replace(tzinfo=UTC) if found is not None and found.date else None


def _title(tree: Any) -> str | None:  # an lxml element; lxml ships no types
    """Return a page's title: ``og:title``, else its only ``h1``, else ``title``."""
    headings = tree.xpath("//h1")
    named = tree.xpath("//meta[@property = 'og:title']/@content") + [
        element.text_content() for element in (headings if len(headings) == 1 else []) + tree.xpath("//head/title")
    ]
    return next((title for title in named if title.strip()), None)


def _main_text(tree: Any) -> str:
    main = next(iter(tree.xpath("//main | //article | //*[@role = 'main']")), None)
    body = tree.find("body")
    if main is None and body is not None:
        # Without ``main`` or ``article`` trafilatura's heuristics drop headings and whole sections of plain pages.
        main = body
        body.tag = "main"
        wrapped = tree.makeelement("body")
        body.addprevious(wrapped)
        wrapped.append(body)
    sizes = _sizes(tree)
    pages = [tree] if main is None or sizes[tree] <= _MAX_ELEMENTS else _pages(main, sizes)
    return _plain("\n\n".join(filter(None, map(_extracted, pages))))


def _extracted(tree: Any) -> str:
    from trafilatura import bare_extraction
    from trafilatura.settings import DEFAULT_CONFIG, Document

    n_chars = len(" ".join("".join(tree.itertext()).split()))
    config = deepcopy(DEFAULT_CONFIG)
    # The default threshold would make trafilatura fall back on unstructured text for every short page.
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", str(min(_USUAL_MIN_CHARS, n_chars // 2)))
    found = bare_extraction(tree, include_comments=False, include_formatting=True, config=config)
    return (found.text or "") if isinstance(found, Document) else ""


def _sizes(tree: Any) -> Mapping[Any, int]:
    """Return how many elements each element is, itself included."""
    elements = list(tree.iter("*"))
    sizes = dict.fromkeys(elements, 1)
    for element in reversed(elements[1:]):
        sizes[element.getparent()] += sizes[element]
    return sizes


def _pages(element: Any, sizes: Mapping[Any, int]) -> Iterator[Any]:
    """Yield a large element's children, moved to pages of at most ``_MAX_ELEMENTS`` or so."""
    page, n_elements = _page(element, element.text), 0
    for child in list(element):
        size = sizes.get(child, 0)  # a comment has none
        if n_elements + size > _MAX_ELEMENTS:
            yield page.getroottree().getroot()
            page, n_elements = _page(element, None), 0
        if size > _MAX_ELEMENTS:
            yield from _pages(child, sizes)
            page.text = child.tail
        else:
            page.append(child)
            n_elements += size
    yield page.getroottree().getroot()


def _page(element: Any, text: str | None) -> Any:
    """Return the innermost element of a new page: ``main``, or one in it like ``element``, a list or a table."""
    from trafilatura.utils import load_html

    page: Any = load_html("<html><body><main></main></body></html>")
    inner = page.find("body/main")
    if element.tag in _CONTAINERS:
        inner.append(inner.makeelement(_CONTAINERS[element.tag]))
        inner = inner[0]
    inner.text = text
    return inner


def _keep_lines(tree: Any) -> None:
    """Mark line breaks, which trafilatura would make paragraphs of, and take summaries for text, not for headings."""
    for element in tree.iter():
        element.text = _harmless(element.text) if element.text else element.text
        element.tail = _harmless(element.tail) if element.tail else element.tail
    in_one_line = set(
        tree.xpath("//td//br | //th//br | //h1//br | //h2//br | //h3//br | //h4//br | //h5//br | //h6//br")
    )
    for parent in dict.fromkeys(element.getparent() for element in tree.xpath("//br")):
        _replace_breaks(parent, in_one_line)
    for element in tree.xpath("//summary"):
        element.tag = "p"


def _harmless(text: str) -> str:
    """Return a text without controls, which lxml refuses, ``_BREAK``, and formulas that are not closed.

    For each of those trafilatura would look through the rest of the text.
    """
    text = without_controls(text).replace(_BREAK, " ")
    if "\\(" in text:
        text = "\n".join(_without_unclosed("(", ")", line) for line in text.split("\n"))
    return _without_unclosed("[", "]", text) if "\\[" in text else text


def _without_unclosed(opening: str, closing: str, text: str) -> str:
    """Split the marks that begin a formula after the last one that ends one, by a character that is removed later."""
    before, end, after = text.rpartition(f"\\{closing}")
    return before + end + after.replace(f"\\{opening}", f"\\{_WORD_JOINER}{opening}")


def _replace_breaks(parent: Any, in_one_line: Container[Any]) -> None:
    """Replace the ``br`` children of an element by text. Linear in their number, which ``drop_tag`` is not."""
    before, texts = None, [parent.text or ""]
    for child in [*parent, None]:
        if child is not None and child.tag == "br":
            texts += [" " if child in in_one_line else _BREAK, child.tail or ""]
            child.tail = None
            parent.remove(child)
            continue
        if before is None:
            parent.text = "".join(texts)
        else:
            before.tail = "".join(texts)
        before, texts = child, [child.tail or ""] if child is not None else []


def _is_sign_in(tree: Any) -> bool:
    if tree.xpath("//input[translate(@type, 'PASWORD', 'pasword') = 'password']"):
        return True
    heads = " ".join(element.text_content() for element in tree.xpath("//title | //h1"))
    return bool(tree.xpath("//form")) and bool(_SIGN_IN.search(heads))


def _plain(markdown: str) -> str:
    """Remove emphasis and escapes, which would split words; headings, lists, tables and code stay."""
    pieces = _CODE.split(markdown)
    pieces[::2] = [_ESCAPED.sub(r"\1", _EMPHASIS.sub(r"\2", piece)) for piece in pieces[::2]]
    lines = (line.strip(" \n") for line in "".join(pieces).split(_BREAK))
    return normalise_text("\n".join(lines))
