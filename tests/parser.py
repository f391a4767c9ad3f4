"""A parser without processes, for tests of what is done with documents."""

from __future__ import annotations

from datetime import datetime

from core.knowledge.html import published_date
from core.knowledge.parsing.feeds import feed_entries
from core.knowledge.parsing.parse import ParsedDocument, TextChunks, cut_chunks, parse
from core.knowledge.parsing.sitemaps import Sitemap, read_sitemap
from core.language import detect_language
from core.types import Language, Page


class InProcessParser:
    """Parses documents in this process and thread, as the sandboxes do in theirs; nothing is limited."""

    async def parse(self, data: bytes, name: str, content_type: str, hint: Language) -> ParsedDocument:
        return parse(data, name, content_type, hint)

    async def cut(self, text: str, name: str, kind: str, language: Language) -> TextChunks:
        return cut_chunks(text, kind, language, name)

    async def published_date(self, page: Page) -> datetime | None:
        return published_date(page.data.decode("utf-8", "replace"))

    async def feed_entries(self, page: Page) -> tuple[str, ...] | None:
        return feed_entries(page)

    async def sitemap(self, page: Page) -> Sitemap | None:
        return read_sitemap(page)

    async def language_of(self, text: str, hint: Language) -> Language:
        return detect_language(text, hint)
