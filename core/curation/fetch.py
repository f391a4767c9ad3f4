"""Fetching web pages at untrusted addresses (``core.curation.guarded_http``).

Decompressed size, redirects and total time are limited. ``core.knowledge.extract`` reads the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

import httpx

from core.curation.guarded_http import USER_AGENT, GuardedHttp, readable_address
from core.errors import BadInput
from core.types import Page

CONTENT_TYPES = frozenset(
    {
        "text/html",
        "application/xhtml+xml",
        "text/plain",
        "text/markdown",
        "text/x-markdown",
        "application/pdf",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/epub+zip",
        "application/rtf",
        "text/rtf",
        "text/csv",
        "text/x-rst",
    }
)
FEED_TYPES = frozenset(
    {
        "application/atom+xml",
        "application/feed+json",
        "application/json",
        "application/rdf+xml",
        "application/rss+xml",
        "application/xml",
        "text/xml",
    }
)

_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
"""At most one of these, which bounds the decompressed size of a 64 KiB chunk to about 1,000 times that."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """The limits of one fetch; bytes are counted after decompression."""

    max_bytes: int = 10_000_000
    max_redirects: int = 5
    deadline_s: float = 20.0


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The accepted content types, and the validators of the known version, if any (RFC 9110, section 13)."""

    types: frozenset[str] = CONTENT_TYPES
    etag: str = ""
    last_modified: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that make the request conditional; empty without validators."""
        known = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in known.items() if value}


ANY_PAGE = PageRequest()

_HEADERS = {
    "User-Agent": f"{USER_AGENT} (a chat bot that learns pages its community asks for)",
    "Accept": "text/html, application/xhtml+xml, text/markdown, text/plain;q=0.9, application/pdf;q=0.9, */*;q=0.1",
    "Accept-Encoding": "gzip, deflate",
}


class UnchangedPage(Exception):
    """The server answered 304: the page is the known version."""


class Fetcher:
    """Fetches pages at public addresses, and at the ``host:port`` pairs of ``allow``."""

    def __init__(self, allow: frozenset[str] = frozenset(), limits: FetchLimits | None = None) -> None:
        self._http = GuardedHttp(allow)
        self._limits = limits or FetchLimits()

    async def fetch(self, url: str, wanted: PageRequest = ANY_PAGE) -> Page:
        """Return the page at ``url``; ``https://`` is understood when it names no scheme.

        Raises ``BadInput``, with a sentence for each reason, when the address is invalid, not public, not reachable in
        time, or has no page of a type in ``wanted``; and ``UnchangedPage`` when it has the known version.
        """
        address = readable_address(url)

        async def follow(client: httpx.AsyncClient) -> Page:
            return await self._follow(client, address, wanted)

        return await self._http.run(address, _HEADERS, follow, self._limits.deadline_s)

    async def _follow(self, client: httpx.AsyncClient, url: str, wanted: PageRequest) -> Page:
        """Follow redirects one by one, without reading the bodies of their responses."""
        request = client.build_request("GET", url, headers=wanted.headers)
        for _ in range(self._limits.max_redirects + 1):
            response = await client.send(request, stream=True)
            try:
                if response.next_request is None:
                    return await self._read(url, response, wanted)
                request = response.next_request
            finally:
                await response.aclose()
        raise BadInput("fetch.redirects", url=url)

    async def _read(self, asked: str, response: httpx.Response, wanted: PageRequest) -> Page:
        url = str(response.url)
        if response.status_code == 304 and wanted.headers:
            raise UnchangedPage
        if response.status_code in (404, 410):
            raise BadInput("fetch.not_found", url=url)
        if response.status_code in (401, 403):
            raise BadInput("fetch.forbidden", url=url)
        if response.status_code != 200:
            raise BadInput("fetch.status", url=url, status=response.status_code)
        _require_readable(response, wanted.types)
        data = bytearray()
        async for piece in response.aiter_bytes():
            data += piece
            if len(data) > self._limits.max_bytes:
                raise self._too_large(url)
        validators = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
        return Page(asked, url, response.headers["Content-Type"], bytes(data), *validators)

    def _too_large(self, url: str) -> BadInput:
        return BadInput("fetch.too_large", url=url, limit_mb=self._limits.max_bytes / 1_000_000)


def _require_readable(response: httpx.Response, types: frozenset[str]) -> None:
    parsed = Message()
    parsed["Content-Type"] = response.headers.get("Content-Type", "application/octet-stream")
    if parsed.get_content_type() not in types:
        raise BadInput("fetch.wrong_type", url=str(response.url), content_type=parsed.get_content_type())
    if response.headers.get("Content-Encoding", "").strip().lower() not in _ENCODINGS:
        raise BadInput("fetch.wrong_type", url=str(response.url), content_type=response.headers["Content-Encoding"])
