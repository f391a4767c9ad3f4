"""Where cores are: the addresses of ``AION_CORE_URLS``, of which a name may stand for several."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.errors import Unavailable

log = logging.getLogger(__name__)

RESOLVED_FOR_S = 5.0
"""Seconds for which a name is not resolved again: cores come and go."""


@dataclass(frozen=True, slots=True)
class CoreAddress:
    """One core: the base of its URLs, and the name it is known under (the ``Host`` of requests)."""

    url: str
    host: str


class CoreAddresses:
    """The addresses of every core. An ``http`` name stands for all addresses that it resolves to."""

    def __init__(self, urls: str) -> None:
        """Read comma-separated URLs. Raises ``Unavailable`` for one that is none, and when there are none."""
        self._urls = tuple(url.strip().rstrip("/") for url in urls.split(",") if url.strip())
        if not self._urls or not all(map(_is_url, self._urls)):
            raise Unavailable("settings.wrong", name="AION_CORE_URLS", problem="http://host:port,http://host:port")
        self._known: tuple[CoreAddress, ...] = ()
        self._known_at_s = float("-inf")

    async def current(self) -> Sequence[CoreAddress]:
        """Return every address now; those known before while a name does not resolve."""
        if time.monotonic() - self._known_at_s > RESOLVED_FOR_S:
            found = [address for url in self._urls for address in await _resolved(url)]
            self._known = tuple(dict.fromkeys(found)) or self._known
            self._known_at_s = time.monotonic()
        return self._known


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


async def _resolved(url: str) -> list[CoreAddress]:
    parts = urlsplit(url)
    host, itself = parts.hostname or "", CoreAddress(url, parts.netloc)
    if parts.scheme == "https" or _is_address(host):  # a certificate is for a name
        return [itself]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, parts.port or 80)
    except (OSError, UnicodeError) as error:
        log.warning("%s does not resolve: %s", host, error)
        return []
    hosts = dict.fromkeys(str(address[0]) for *_, address in found)
    written = (f"[{each}]" if ":" in each else each for each in hosts)
    return [CoreAddress(f"http://{each}:{parts.port or 80}{parts.path}", parts.netloc) for each in written]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
