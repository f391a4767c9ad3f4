"""HTTP requests to untrusted addresses, protected against server-side request forgery (SSRF).

ssrfguard resolves each host name once, checks every address and connects to the checked one, for the first request and
for every redirect. Total time is limited.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import cached_property
from importlib.metadata import version
from ipaddress import ip_network
from typing import Any, TypeVar
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

T = TypeVar("T")

AGENT = "AION"
"""AION's user agent in robots.txt."""

USER_AGENT = f"{AGENT}/{version('aion-memory')}"

_PORTS = {"http": 80, "https": 443}

_IPV4_TRANSLATED = Block(ip_network("::ffff:0:0:0/96"), "IPv4-translated", "RFC 2765", Reach.DENIED)
"""IPv4-translated addresses, which reach any IPv4 address; missing in ssrfguard's table, which is IANA's."""

_POLICY = Policy(denied_networks=AddressTable((*DEFAULT_DENIED.blocks, _IPV4_TRANSLATED)))

_TIMEOUT = httpx.Timeout(None, connect=5.0)
"""For each address of a host, so that an unreachable one leaves time for the next; a deadline limits them all."""


class GuardedHttp:
    """Makes requests to public addresses, and to the ``host:port`` pairs of ``allow``."""

    def __init__(self, allow: frozenset[str] = frozenset()) -> None:
        self._allow = frozenset(entry.lower() for entry in allow)
        self._abandoned: set[asyncio.Task[Any]] = set()

    async def run(
        self,
        url: str,
        headers: Mapping[str, str],
        work: Callable[[httpx.AsyncClient], Awaitable[T]],
        deadline_s: float,
    ) -> T:
        """Carry out ``work`` with a client that sends ``headers``, and return its result; ``url`` is named in errors.

        Raises ``BadInput``, with a sentence for each reason, when an address is invalid, not public or not reachable
        in time, and whatever else ``work`` raises.
        """
        task = asyncio.create_task(self._run(url, headers, work))
        try:
            await asyncio.wait({task}, timeout=deadline_s)
        finally:
            if not task.done():
                # A name lookup cannot be interrupted; the deadline does not wait for it.
                task.cancel()
                self._abandoned.add(task)
                task.add_done_callback(self._abandoned.discard)
        if not task.done():
            raise BadInput("fetch.too_slow", url=url, deadline_s=deadline_s)
        return task.result()

    def require_possible(self, url: str) -> None:
        """Raise ``BadInput`` for an address that is refused without looking its host up."""
        if self.is_allowed(httpx.URL(url)):
            return
        try:
            _POLICY.check_url(url)
        except SSRFGuardError as error:
            raise _refusal(url, error) from error

    def is_allowed(self, url: httpx.URL) -> bool:
        """Return whether the operator allowed an address though it may not be public."""
        port = url.port or _PORTS.get(url.scheme)
        return f"{url.host}:{port}" in self._allow and not url.userinfo

    async def _run(self, url: str, headers: Mapping[str, str], work: Callable[[httpx.AsyncClient], Awaitable[T]]) -> T:
        transport = _GuardedTransport(self.is_allowed, await offload(lambda: self._tls))
        async with httpx.AsyncClient(transport=transport, headers=headers, timeout=_TIMEOUT, trust_env=False) as client:
            try:
                return await work(client)
            except SSRFGuardError as error:
                raise _refusal(url, error) from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise _failure(url, error) from error

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context(trust_env=False)


class _GuardedTransport(httpx.AsyncBaseTransport):
    """Sends every request through ssrfguard, except to the allowed addresses."""

    def __init__(self, is_allowed: Callable[[httpx.URL], bool], tls: ssl.SSLContext) -> None:
        self._is_allowed = is_allowed
        self._guarded = AsyncSafeTransport(policy=_POLICY, verify=tls, trust_env=False)
        self._plain = httpx.AsyncHTTPTransport(verify=tls, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises ``SSRFGuardError`` when its address is not public."""
        chosen = self._plain if self._is_allowed(request.url) else self._guarded
        return await chosen.handle_async_request(request)

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
