"""A watched sitemap: what of its pages is new, changed or gone since they were last read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core.curation.fetch import FEED_TYPES, PageRequest
from core.errors import BadInput
from core.knowledge.parsing.document_parser import DocumentParser
from core.knowledge.parsing.sitemaps import MAX_PAGES, Sitemap
from core.storage.curation.watches import SeenPage
from core.types import Page

N_PAGES_A_CHECK = 300
"""How many pages are read at one check; the others wait for the next."""


class SitemapSource(Protocol):
    """Fetches web pages."""

    async def fetch(self, url: str, wanted: PageRequest) -> Page:
        """Return the page at ``url``. Raises ``BadInput``."""
        ...


@dataclass(frozen=True, slots=True)
class SitemapChanges:
    """Addresses of new and of changed pages, with their ``lastmod``; pages that are not listed any more."""

    new: Mapping[str, str]
    changed: Mapping[str, str]
    gone: tuple[SeenPage, ...]


async def all_pages(found: Sitemap, pages: SitemapSource, parser: DocumentParser) -> tuple[Mapping[str, str], bool]:
    """Return the pages of a sitemap and of those it names, and whether all of these could be read."""
    listed, is_complete = dict(found.pages), True
    for address in found.sitemaps:
        try:
            inner = await parser.sitemap(await pages.fetch(address, PageRequest(FEED_TYPES)))
        except BadInput:
            inner = None
        if inner is None or len(listed) + len(inner.pages) > MAX_PAGES:
            is_complete = False
        else:
            listed |= inner.pages
    return listed, is_complete


def changes(listed: Mapping[str, str], known: Mapping[str, SeenPage], target: str, is_complete: bool) -> SitemapChanges:
    """Return what has changed; ``known`` are the pages seen before, the sitemap's own ``target`` among them.

    Nothing is gone from a sitemap that is empty, or was not read completely.
    """
    new = {url: at for url, at in listed.items() if url not in known}
    changed = {
        url: at
        for url, at in listed.items()
        if url in known and (known[url].gone_at is not None or (at and at != known[url].last_modified))
    }
    gone = [seen for name, seen in known.items() if name not in listed and name != target]
    is_usable = is_complete and bool(listed)
    return SitemapChanges(_first(new), _first(changed), tuple(gone) if is_usable else ())


def _first(pages: Mapping[str, str]) -> Mapping[str, str]:
    return dict(list(pages.items())[:N_PAGES_A_CHECK])
