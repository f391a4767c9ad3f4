"""Polite fetching: obeys ``robots.txt`` (RFC 9309) and limits the rate of requests to each host."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from protego import Protego

from core.curation.fetch import ANY_PAGE, Fetcher, PageRequest
from core.curation.guarded_http import AGENT, readable_address
from core.errors import BadInput
from core.types import Page

PACE_S = 1.0
"""Seconds between two requests to one host, unless its robots.txt has a longer ``Crawl-delay``."""

MAX_PACE_S = 10.0
"""A longer ``Crawl-delay`` is cut to this."""

MAX_HOSTS = 1_000
"""How many hosts' rules are kept in memory, the latest used."""

RULES_KEPT_S = 86_400.0
"""After this a robots.txt is fetched again (RFC 9309, section 2.4)."""

_NO_RULES = ("fetch.not_found", "fetch.forbidden", "fetch.wrong_type")
"""Errors of a robots.txt that does not exist, which allows everything; any other error forbids everything."""


@dataclass(slots=True)
class _Host:
    """The rules and last request times of one origin; ``turn`` serialises its requests."""

    rules: Protego | None = None
    read_at_s: float = float("-inf")
    asked_at_s: float = float("-inf")
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class PoliteFetcher:
    """Fetches pages that robots.txt allows, at a limited rate (``core.ports.PageSource``)."""

    def __init__(self, fetcher: Fetcher, pace_s: float = PACE_S) -> None:
        self._fetcher = fetcher
        self._pace_s = pace_s
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    async def fetch(self, url: str, wanted: PageRequest = ANY_PAGE) -> Page:
        """Return the page at ``url``. Raises ``BadInput`` when that fails or robots.txt forbids it.

        Raises ``UnchangedPage`` when it is the known version.
        """
        address = readable_address(url)
        host = self._host(address)
        async with host.turn:
            await self._read_rules(host, address)
            if host.rules is not None and not host.rules.can_fetch(address, AGENT):
                raise BadInput("fetch.robots", url=address)
            await self._pace(host)
        return await self._fetcher.fetch(address, wanted)

    def _host(self, address: str) -> _Host:
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.netloc}".lower()
        host = self._hosts.setdefault(origin, _Host())
        self._hosts.move_to_end(origin)
        while len(self._hosts) > MAX_HOSTS:
            self._hosts.popitem(last=False)
        return host

    async def _read_rules(self, host: _Host, address: str) -> None:
        if time.monotonic() - host.read_at_s < RULES_KEPT_S:
            return
        parts = urlsplit(address)
        try:
            page = await self._fetcher.fetch(f"{parts.scheme}://{parts.netloc}/robots.txt")
            is_text = page.content_type.startswith("text/plain")
            host.rules = Protego.parse(page.data.decode("utf-8", "replace")) if is_text else None
        except BadInput as error:
            if error.key not in _NO_RULES:
                raise
            host.rules = None
        host.read_at_s = host.asked_at_s = time.monotonic()

    async def _pace(self, host: _Host) -> None:
        wanted = host.rules.crawl_delay(AGENT) if host.rules is not None else None
        pace_s = min(MAX_PACE_S, max(self._pace_s, wanted or 0.0))
        await asyncio.sleep(max(0.0, host.asked_at_s + pace_s - time.monotonic()))
        host.asked_at_s = time.monotonic()
