"""HTML of any size read in pieces: one element after the other, each dropped once it was read (lxml)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

_MAX_BYTES_BETWEEN = 20_000_000
"""The most bytes in which no wanted element ends; more than that is no export."""

_PIECE = 1 << 16
_OF_TAG = {"br": "\n"}


class BrokenHtml(Exception):
    """Too much of the HTML holds nothing that was looked for."""


def elements(stream: BinaryIO, marks: frozenset[str]) -> Iterator[etree._Element]:
    """Yield each ``div`` of which a class is one of ``marks``, as it ends; it is emptied afterwards."""
    parser = etree.HTMLPullParser(events=("end",), tag="div", encoding="utf-8")
    n_bytes = 0
    while piece := stream.read(_PIECE):
        parser.feed(piece)
        n_bytes += len(piece)
        for element in _wanted(parser, marks):
            n_bytes = 0
            yield element
            _drop(element)
        if n_bytes > _MAX_BYTES_BETWEEN:
            raise BrokenHtml(f"{n_bytes} bytes without a message")
    parser.close()
    for element in _wanted(parser, marks):
        yield element


def _wanted(parser: etree.HTMLPullParser, marks: frozenset[str]) -> Iterator[etree._Element]:
    for _, element in parser.read_events():
        if not marks.isdisjoint(classes(element)):
            yield element


def _drop(element: etree._Element) -> None:
    """Empty an element, and take what ended before it out of the tree."""
    element.clear(keep_tail=False)
    for each in (element, *element.iterancestors()):
        while (before := each.getprevious()) is not None:
            before.getparent().remove(before)


def classes(element: etree._Element) -> list[str]:
    """Return the classes of an element."""
    return (element.get("class") or "").split()


def find(element: etree._Element, mark: str) -> etree._Element | None:
    """Return the first element below one, at any depth, with a class."""
    return next(
        (each for each in element.iterdescendants() if isinstance(each.tag, str) and mark in classes(each)), None
    )


def find_all(element: etree._Element, mark: str) -> list[etree._Element]:
    """Return all elements below one, at any depth, with a class."""
    return [each for each in element.iterdescendants() if isinstance(each.tag, str) and mark in classes(each)]


def text_within(element: etree._Element | None) -> str:
    """Return the text of an element with line breaks where it has them; pictures of emoji as their text."""
    if element is None:
        return ""
    parts: list[str] = []
    for event, each in etree.iterwalk(element, events=("start", "end")):
        if event == "start":
            parts += [_OF_TAG.get(each.tag, ""), (each.get("alt") or "") if each.tag == "img" else "", each.text or ""]
        elif each is not element:
            parts.append(each.tail or "")
    return "".join(parts)
