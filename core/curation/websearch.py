"""Web search by the engines of ddgs, or by the operator's SearXNG.

The front end of ddgs raises the same exception for no results and for a blocked engine. Its engines return ``None``
when blocked, so they are called one by one here, and a blocked one is not called again for an hour. Results are
untrusted addresses, to be fetched by ``core.curation.fetch``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from core.errors import BadInput, Unavailable
from core.offload import offload
from core.types import Language

log = logging.getLogger(__name__)

ENGINES = ("duckduckgo", "brave", "mojeek", "startpage", "yahoo", "wikipedia")
"""In the order of calls. The default order of ddgs begins with an encyclopedia written by a language model."""

REGIONS: Mapping[Language, str] = {"en": "us-en", "pt": "br-pt"}
REST_S = 3600.0
"""How long an engine that blocked or failed is not called."""

SPACING_S = 1.5
"""Seconds between two requests to search engines, which block faster ones."""

TIMEOUT_S = 8


@dataclass(frozen=True, slots=True)
class WebResult:
    """One result of a web search."""

    url: str
    title: str
    snippet: str


class WebSearch(Protocol):
    """Finds pages about a theme."""

    async def search(self, theme: str, language: Language, n_results: int) -> tuple[WebResult, ...]:
        """Return pages about a theme, best first.

        Raises ``BadInput`` when there are none, and ``Unavailable`` when no engine answers.
        """
        ...


class SearchEngine(Protocol):
    """One engine of ddgs. ``search`` blocks; it returns ``None`` when it is blocked, and raises when it fails."""

    def search(self, query: str, region: str) -> Sequence[Any] | None:
        """Return results with ``href``, ``title`` and ``body``."""
        ...


def ddgs_engines() -> dict[str, SearchEngine]:
    """Return the text engines of ddgs by name, without those that this version of ddgs lacks."""
    from ddgs.engines import ENGINES as KNOWN

    return {name: KNOWN["text"][name](timeout=TIMEOUT_S) for name in ENGINES if name in KNOWN["text"]}


class EngineSearch:
    """Calls engines one after the other until there are enough results (``WebSearch``)."""

    def __init__(
        self,
        open_engines: Callable[[], Mapping[str, SearchEngine]] = ddgs_engines,
        *,
        spacing_s: float = SPACING_S,
        rest_s: float = REST_S,
    ) -> None:
        self._open_engines = open_engines
        self._spacing_s = spacing_s
        self._rest_s = rest_s
        self._engines: Mapping[str, SearchEngine] | None = None
        self._resting_until_s: dict[str, float] = {}
        self._turn = asyncio.Lock()

    async def search(self, theme: str, language: Language, n_results: int) -> tuple[WebResult, ...]:
        """Return pages about a theme, best first, each address once."""
        found: dict[str, WebResult] = {}
        has_answer = False
        async with self._turn:
            if self._engines is None:
                self._engines = await offload(self._open_engines)
            for name, engine in self._engines.items():
                if self._resting_until_s.get(name, 0.0) > time.monotonic():
                    continue
                results = await self._ask(name, engine, theme, REGIONS[language])
                has_answer |= results is not None
                for result in results or ():
                    found.setdefault(result.url, result)
                if len(found) >= n_results:
                    break
        if not has_answer:
            raise Unavailable("search.blocked")
        return _require_results(theme, tuple(found.values())[:n_results])

    async def _ask(self, name: str, engine: SearchEngine, theme: str, region: str) -> tuple[WebResult, ...] | None:
        """Return an engine's results; when it is blocked or fails, ``None``, and it is not called for ``REST_S``."""
        from ddgs.exceptions import DDGSException

        try:
            rows = await offload(engine.search, theme, region)
        except DDGSException as error:
            log.info("search engine %s failed: %s", name, error)
            rows = None
        await asyncio.sleep(self._spacing_s)
        if rows is None:
            self._resting_until_s[name] = time.monotonic() + self._rest_s
            log.warning("search engine %s gives no answer, and is left alone for %.0f min", name, self._rest_s / 60)
            return None
        return tuple(WebResult(row.href, row.title, row.body) for row in rows if _is_web(row.href))


class SearxngSearch:
    """Searches by the operator's SearXNG, whose ``search.formats`` must contain ``json`` (``WebSearch``)."""

    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url.rstrip('/')}/search"

    async def search(self, theme: str, language: Language, n_results: int) -> tuple[WebResult, ...]:
        """Return pages about a theme, best first."""
        query = {"q": theme, "format": "json", "language": language}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
                response = await client.get(self._url, params=query)
            if response.status_code == httpx.codes.FORBIDDEN:
                raise Unavailable("search.no_json", url=self._url)
            rows = response.raise_for_status().json()["results"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise Unavailable("search.unreachable", url=self._url) from error
        results = [WebResult(row["url"], row.get("title", ""), row.get("content", "")) for row in rows if "url" in row]
        return _require_results(theme, tuple(result for result in results if _is_web(result.url))[:n_results])


def open_search(searxng_url: str | None) -> WebSearch:
    """Return a search by SearXNG where its address is set, else by the engines of ddgs."""
    return SearxngSearch(searxng_url) if searxng_url else EngineSearch()


def _is_web(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _require_results(theme: str, results: tuple[WebResult, ...]) -> tuple[WebResult, ...]:
    if not results:
        raise BadInput("search.nothing", theme=theme)
    return results
