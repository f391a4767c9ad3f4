"""The entries of RSS, Atom and JSON feeds, by trafilatura."""

from __future__ import annotations

from html import unescape
from itertools import islice
from urllib.parse import urljoin, urlsplit

from core.types import Page

N_ENTRIES = 20
"""The most entries read of a feed, from its top."""


def is_feed(page: Page) -> bool:
    """Return whether a page is a feed."""
    from trafilatura.feeds import is_potential_feed

    head = _text(page)[:2_000].lstrip()
    is_json = "json" in page.content_type and head.startswith("{")
    return is_json or (is_potential_feed(head) and "<html" not in head.lower())


def entries(page: Page) -> tuple[str, ...]:
    """Return the addresses of a feed's first ``N_ENTRIES`` entries, each once, in its order. Blocks."""
    from trafilatura.feeds import FeedParameters, find_links

    site = urlsplit(page.final_url)
    own = FeedParameters(f"{site.scheme}://{site.netloc}", site.hostname or "", page.final_url, external=True)
    links = (urljoin(page.final_url, unescape(link)) for link in find_links(_text(page).strip(), own))
    home = {page.url, page.final_url, f"{site.scheme}://{site.netloc}", f"{site.scheme}://{site.netloc}/"}
    pages = (link for link in dict.fromkeys(links) if link.startswith(("http://", "https://")) and link not in home)
    return tuple(islice(pages, N_ENTRIES))


def _text(page: Page) -> str:
    return page.data.decode("utf-8", "replace").removeprefix("\ufeff")
