"""Fetching web pages at untrusted addresses, protected against server-side request forgery (SSRF).

ssrfguard resolves each host name once, checks every address and connects to the checked one, for the first request and
for every redirect. Decompressed size, redirects and total time are limited. ``core.knowledge.extract`` reads the page.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from importlib.metadata import version
from ipaddress import ip_network
from urllib.parse import urldefrag, urlsplit

import httpx
from ssrfguard import (
    DEFAULT_DENIED,
    AddressTable,
    Block,
    BlockedAddressError,
    BlockedURLError,
    Policy,
    Reach,
    SSRFGuardError,
)
from ssrfguard.httpx import AsyncSafeTransport

from core.errors import BadInput
from core.offload import offload
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

_PORTS = {"http": 80, "https": 443}

_IPV4_TRANSLATED = Block(ip_network("::ffff:0:0:0/96"), "IPv4-translated", "RFC 2765", Reach.DENIED)
"""IPv4-translated addresses, which reach any IPv4 address; missing in ssrfguard's table, which is IANA's."""

_POLICY = Policy(denied_networks=AddressTable((*DEFAULT_DENIED.blocks, _IPV4_TRANSLATED)))


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


class UnchangedPage(Exception):
    """The server answered 304: the page is the known version."""


class Fetcher:
    """Fetches pages at public addresses, and at the ``host:port`` pairs of ``allow``."""

    def __init__(self, allow: frozenset[str] = frozenset(), limits: FetchLimits | None = None) -> None:
        self._allow = frozenset(entry.lower() for entry in allow)
        self._limits = limits or FetchLimits()
        self._abandoned: set[asyncio.Task[Page]] = set()

    async def fetch(self, url: str, wanted: PageRequest = ANY_PAGE) -> Page:
        """Return the page at ``url``; ``https://`` is understood when it names no scheme.

        Raises ``BadInput``, with a sentence for each reason, when the address is invalid, not public, not reachable in
        time, or has no page of a type in ``wanted``; and ``UnchangedPage`` when it has the known version.
        """
        address = readable_address(url)
        task = asyncio.create_task(self._fetch(address, wanted))
        try:
            await asyncio.wait({task}, timeout=self._limits.deadline_s)
        finally:
            if not task.done():
                # A name lookup cannot be interrupted; the deadline does not wait for it.
                task.cancel()
                self._abandoned.add(task)
                task.add_done_callback(self._abandoned.discard)
        if not task.done():
            raise BadInput("fetch.too_slow", url=address, deadline_s=self._limits.deadline_s)
        return task.result()

    async def _fetch(self, url: str, wanted: PageRequest) -> Page:
        transport = _GuardedTransport(self._allow, await offload(lambda: self._tls))
        async with httpx.AsyncClient(
            transport=transport, headers=_HEADERS, timeout=_TIMEOUT, trust_env=False
        ) as client:
            try:
                return await self._follow(client, url, wanted)
            except SSRFGuardError as error:
                raise _refusal(url, error) from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise _failure(url, error) from error

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context(trust_env=False)

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


AGENT = "AION"
"""AION's user agent in robots.txt."""

_HEADERS = {
    "User-Agent": f"{AGENT}/{version('aion-memory')} (a chat bot that learns pages its community asks for)",
    "Accept": "text/html, application/xhtml+xml, text/markdown, text/plain;q=0.9, application/pdf;q=0.9, */*;q=0.1",
    "Accept-Encoding": "gzip, deflate",
}

_TIMEOUT = httpx.Timeout(None, connect=5.0)
"""For each address of a host, so that an unreachable one leaves time for the next; ``deadline_s`` limits them all."""


class _GuardedTransport(httpx.AsyncBaseTransport):
    """Sends every request through ssrfguard, except to the allowed ``host:port`` pairs."""

    def __init__(self, allow: frozenset[str], tls: ssl.SSLContext) -> None:
        self._allow = allow
        self._guarded = AsyncSafeTransport(policy=_POLICY, verify=tls, trust_env=False)
        self._plain = httpx.AsyncHTTPTransport(verify=tls, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises ``SSRFGuardError`` when its address is not public."""
        port = request.url.port or _PORTS.get(request.url.scheme)
        is_allowed = f"{request.url.host}:{port}" in self._allow and not request.url.userinfo
        return await (self._plain if is_allowed else self._guarded).handle_async_request(request)

    async def aclose(self) -> None:
        """Close both transports."""
        await self._guarded.aclose()
        await self._plain.aclose()


def readable_address(url: str) -> str:
    """Return typed text as an http(s) address without fragment. Raises ``BadInput`` when it is none."""
    typed = url.strip().strip("<>")
    address = typed if "://" in typed else f"https://{typed}"
    try:
        parts = urlsplit(address)
        host = httpx.URL(address).host
    except (ValueError, httpx.InvalidURL):
        raise BadInput("fetch.not_an_address", url=typed) from None
    is_word = "://" not in typed and "." not in host
    if parts.scheme.lower() not in _PORTS or not host or is_word or any(map(str.isspace, typed)):
        raise BadInput("fetch.not_an_address", url=typed)
    return urldefrag(address).url


def _require_readable(response: httpx.Response, types: frozenset[str]) -> None:
    parsed = Message()
    parsed["Content-Type"] = response.headers.get("Content-Type", "application/octet-stream")
    if parsed.get_content_type() not in types:
        raise BadInput("fetch.wrong_type", url=str(response.url), content_type=parsed.get_content_type())
    if response.headers.get("Content-Encoding", "").strip().lower() not in _ENCODINGS:
        raise BadInput("fetch.wrong_type", url=str(response.url), content_type=response.headers["Content-Encoding"])


def _refusal(url: str, error: SSRFGuardError) -> BadInput:
    is_address = any(isinstance(cause, BlockedAddressError) for cause in _causes(error))
    if is_address or not isinstance(error, BlockedURLError):
        return BadInput("fetch.inside", url=url)
    return BadInput("fetch.refused", url=url)


def _failure(url: str, error: Exception) -> BadInput:
    for cause in _causes(error):
        match cause:
            case socket.gaierror():
                return BadInput("fetch.unknown_host", url=url)
            case ssl.SSLError():
                return BadInput("fetch.tls", url=url)
            case httpx.InvalidURL() | httpx.UnsupportedProtocol():
                return BadInput("fetch.refused", url=url)
    return BadInput("fetch.unreachable", url=url)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its chain of causes."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
