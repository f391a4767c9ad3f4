"""Sitemaps (sitemaps.org, protocol 0.9): the addresses of a site's pages, and when each changed. Blocks.

For pages from outside it runs in a sandbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from core.errors import BadInput
from core.knowledge.formats.zip_package import local, parse_xml
from core.types import Page

MAX_PAGES = 10_000
MAX_SITEMAPS = 50


@dataclass(frozen=True, slots=True)
class Sitemap:
    """The pages of a sitemap with their ``lastmod`` as written, empty where it says none; other sitemaps it names."""

    pages: Mapping[str, str] = field(default_factory=dict)
    sitemaps: tuple[str, ...] = ()


def read_sitemap(page: Page) -> Sitemap | None:
    """Return the first ``MAX_PAGES`` pages and ``MAX_SITEMAPS`` sitemaps on the page's own site.

    ``None`` when the page is no sitemap.
    """
    try:
        root = parse_xml(page.data.lstrip(), page.url)
    except BadInput:
        return None
    if local(root) not in ("urlset", "sitemapindex"):
        return None
    site = urlsplit(page.final_url).hostname
    entries = [(address, at) for address, at in _entries(root) if urlsplit(address).hostname == site]
    if local(root) == "urlset":
        return Sitemap(dict(entries[:MAX_PAGES]))
    return Sitemap(sitemaps=tuple(address for address, _ in entries[:MAX_SITEMAPS]))


def _entries(root: Any) -> Iterator[tuple[str, str]]:
    """Yield the address and ``lastmod`` of each entry with a web address."""
    for entry in root:
        values = {local(each): (each.text or "").strip() for each in entry}
        address = values.get("loc", "")
        if address.startswith(("http://", "https://")) and len(address) <= 2_000:
            try:
                urlsplit(address)
            except ValueError:
                continue
            yield address, values.get("lastmod", "")[:40]
