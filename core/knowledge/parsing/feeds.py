"""The entries of RSS, Atom and JSON feeds, by trafilatura. Blocks; for pages from outside it runs in a sandbox."""

from __future__ import annotations

from html import unescape
from itertools import islice
from urllib.parse import urljoin, urlsplit

from trafilatura.feeds import FeedParameters, find_links, is_potential_feed

from core.types import Page

N_ENTRIES = 20
"""The most entries read of a feed, from its top."""

_HEAD_CHARS = 2_000


def feed_entries(page: Page) -> tuple[str, ...] | None:
    """Return the addresses of a feed's first ``N_ENTRIES`` entries, each once, in its order.

    ``None`` when the page is no feed.
    """
    text = page.data.decode("utf-8", "replace").removeprefix("\ufeff")
    return _entries(page, text.strip()) if _is_feed(page, text[:_HEAD_CHARS].lstrip()) else None


def _is_feed(page: Page, head: str) -> bool:
    is_json = "json" in page.content_type and head.startswith("{")
    return is_json or (is_potential_feed(head) and "<html" not in head.lower())


def _entries(page: Page, text: str) -> tuple[str, ...]:
    site = urlsplit(page.final_url)
    own = FeedParameters(f"{site.scheme}://{site.netloc}", site.hostname or "", page.final_url, external=True)
    try:
        found = find_links(text, own)
    except ValueError:  # JSON with a number of thousands of digits
        return ()
    links = (urljoin(page.final_url, unescape(link)) for link in found)
    home = {page.url, page.final_url, f"{site.scheme}://{site.netloc}", f"{site.scheme}://{site.netloc}/"}
    pages = (link for link in dict.fromkeys(links) if link.startswith(("http://", "https://")) and link not in home)
    return tuple(islice(pages, N_ENTRIES))
