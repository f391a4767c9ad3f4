"""Reading electronic books (EPUB 2 and 3): the chapters of the spine in their order."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from core.errors import BadInput
from core.knowledge.formats.document_text import DocumentText, ReadText, one_line
from core.knowledge.formats.xhtml import add_xhtml
from core.knowledge.formats.zip_package import ZipPackage, attribute, local, resolved

_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
_RIGHTS = "META-INF/encryption.xml"


def read(data: bytes, name: str) -> ReadText:
    """Return a book's title and text. Raises ``BadInput`` when it is damaged, protected or too large."""
    package = ZipPackage(data, name)
    roots = _named(package.xml("META-INF/container.xml"), "rootfile")
    main = attribute(roots[0], "full-path") if roots else ""
    book = package.xml(main)
    titles = _named(book, "title")
    pages = {
        attribute(item, "id"): resolved(main, unquote(attribute(item, "href")))
        for item in _named(book, "item")
        if attribute(item, "media-type") in _PAGES and "nav" not in attribute(item, "properties").split()
    }
    spine = [pages.get(attribute(item, "idref"), "") for item in _named(book, "itemref")]
    chapters = [page for page in spine if page in package]
    if _protected(package) & set(chapters):
        raise BadInput("knowledge.encrypted", name=name)
    out = DocumentText(name)
    for chapter in chapters:
        add_xhtml(package.read(chapter), out)
    return ReadText(one_line(titles[0].text or "") or None if titles else None, out.text())


def _protected(package: ZipPackage) -> set[str]:
    """Return the encrypted members: fonts, where only their names are hidden, and chapters, where the book is."""
    if _RIGHTS not in package:
        return set()
    return {unquote(attribute(each, "URI")) for each in _named(package.xml(_RIGHTS), "CipherReference")}


def _named(root: Any, name: str) -> list[Any]:
    return [each for each in root.iter() if local(each) == name]
