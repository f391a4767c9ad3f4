"""What reads documents and pages from outside."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from core.knowledge.parsing.parse import ParsedDocument, TextChunks
from core.knowledge.parsing.sitemaps import Sitemap
from core.types import Language, Page


class DocumentParser(Protocol):
    """Reads untrusted bytes and texts. Every method raises ``BadInput`` for what cannot be read, or takes too long."""

    async def parse(self, data: bytes, name: str, content_type: str, hint: Language) -> ParsedDocument:
        """Return a document's text in chunks; ``hint`` is its language where it is too short for detection."""
        ...

    async def cut(self, text: str, name: str, kind: str, language: Language) -> TextChunks:
        """Return the chunks of a text that was parsed before, or is to be stored as it is."""
        ...

    async def published_date(self, page: Page) -> datetime | None:
        """Return when a web page was changed or published last; ``None`` where it does not say."""
        ...

    async def feed_entries(self, page: Page) -> tuple[str, ...] | None:
        """Return the addresses of a feed's first entries; ``None`` when the page is no feed."""
        ...

    async def sitemap(self, page: Page) -> Sitemap | None:
        """Return the pages that a sitemap lists; ``None`` when the page is no sitemap."""
        ...

    async def language_of(self, text: str, hint: Language) -> Language:
        """Return the language of a text; ``hint`` where it is too short to tell."""
        ...
