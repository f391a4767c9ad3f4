"""The entries of RSS, Atom and JSON feeds, in linear time. Blocks; for pages from outside it runs in a sandbox.

Sources: RSS 2.0, RFC 4287 (Atom), JSON Feed 1.1. Only what links to an entry is looked for, so a feed need not be
well-formed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from itertools import islice
from urllib.parse import urljoin, urlsplit

from core.types import Page

N_ENTRIES = 20
"""The most entries read of a feed, from its top."""

_HEAD_CHARS = 2_000
_ATOM_LINK = re.compile(r"<link\s([^<>]{1,2000}+)>")
_ATTRIBUTE = re.compile(r"""(?<![\w:-])([\w:-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""")


def feed_entries(page: Page) -> tuple[str, ...] | None:
    """Return the addresses of a feed's first ``N_ENTRIES`` entries, each once, in its order.

    ``None`` when the page is no feed.
    """
    text = page.data.decode("utf-8", "replace").removeprefix("\ufeff")
    return _entries(page, text.strip()) if _is_feed(page, text[:_HEAD_CHARS].lstrip()) else None


def _is_feed(page: Page, head: str) -> bool:
    from trafilatura.feeds import is_potential_feed  # slow to import, and most of what is parsed is no feed

    is_json = "json" in page.content_type and head.startswith("{")
    return is_json or (is_potential_feed(head) and "<html" not in head.lower())


def _entries(page: Page, text: str) -> tuple[str, ...]:
    site = urlsplit(page.final_url)
    found = _json_links(text) if text.startswith("{") else _atom_links(text) or _rss_links(text)
    links = (_joined(page.final_url, unescape(link)) for link in found)
    home = {page.url, page.final_url, f"{site.scheme}://{site.netloc}", f"{site.scheme}://{site.netloc}/"}
    pages = (link for link in dict.fromkeys(links) if link.startswith(("http://", "https://")) and link not in home)
    return tuple(islice(pages, N_ENTRIES))


def _joined(base: str, link: str) -> str:
    """Return a link as an absolute address; empty where it is none."""
    try:
        return urljoin(base, link)
    except ValueError:
        return ""


def _json_links(text: str) -> list[str]:
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError):  # a number of thousands of digits is a ValueError, too
        return []
    items = feed.get("items") if isinstance(feed, dict) else None
    entries = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    named = ((item.get("url"), item.get("id")) for item in entries)
    return [link for link in (next(filter(None, names), None) for names in named) if isinstance(link, str)]


def _atom_links(text: str) -> list[str]:
    tags = (
        {name: double or single for name, double, single in _ATTRIBUTE.findall(match[1])}
        for match in _ATOM_LINK.finditer(text)
    )
    entries = (tag for tag in tags if tag.get("rel") != "self" and "atom+xml" not in tag.get("type", ""))
    return [tag["href"] for tag in entries if tag.get("href")]


def _rss_links(text: str) -> Iterator[str]:
    """Yield what stands between ``<link>`` and ``</link>``."""
    start = 0
    while (opening := text.find("<link>", start)) >= 0 and (closing := text.find("</link>", opening)) >= 0:
        link = text[opening + len("<link>") : closing].strip()
        yield link.removeprefix("<![CDATA[").removesuffix("]]>").strip()
        start = closing
