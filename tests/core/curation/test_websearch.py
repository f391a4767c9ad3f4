"""Searching: ddgs's real engines and a SearXNG, both served from loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from core.curation.websearch import EngineSearch, SearchEngine, SearxngSearch, WebResult
from core.errors import BadInput, Unavailable


@dataclass
class SearchServer:
    """A web server that answers as DuckDuckGo's HTML page, Mojeek's and SearXNG do."""

    base: str = ""
    status: int = 200
    urls: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def duckduckgo(self, request: web.Request) -> web.Response:
        self.asked.append(str((await request.post())["q"]))
        rows = "".join(
            f'<div class="result__body"><h2>Page {n}</h2><a href="{url}">About page {n}</a></div>'
            for n, url in enumerate(self.urls)
        )
        return web.Response(status=self.status, text=f"<html><body>{rows}</body></html>", content_type="text/html")

    async def searxng(self, request: web.Request) -> web.Response:
        self.asked.append(request.query["q"])
        assert request.query["format"] == "json"
        rows = [{"url": url, "title": f"Page {n}", "content": "About it"} for n, url in enumerate(self.urls)]
        return web.json_response({"results": rows}, status=self.status)


@pytest.fixture
async def server() -> AsyncIterator[SearchServer]:
    server = SearchServer()
    application = web.Application()
    application.router.add_post("/html/", server.duckduckgo)
    application.router.add_get("/search", server.searxng)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.base = "http://{}:{}".format(*runner.addresses[0][:2])
    yield server
    await runner.cleanup()


def duckduckgo(server: SearchServer) -> SearchEngine:
    """ddgs's own engine, looking at our server."""
    from ddgs.engines.duckduckgo import Duckduckgo

    engine = Duckduckgo(timeout=5)
    engine.search_url = f"{server.base}/html/"
    return engine


def searching(server: SearchServer, **engines: SearchEngine) -> EngineSearch:
    known = engines or {"duckduckgo": duckduckgo(server)}
    return EngineSearch(lambda: known, spacing_s=0, rest_s=3600)


async def test_an_engine_finds_pages(server: SearchServer) -> None:
    server.urls = ["https://one.example/", "javascript:alert(1)", "https://two.example/"]
    found = await searching(server).search("opening hours", "en", 10)
    assert [result.url for result in found] == ["https://one.example/", "https://two.example/"]
    assert found[0].title == "Page 0"
    assert server.asked == ["opening hours"]


async def test_nothing_found_is_not_refused(server: SearchServer) -> None:
    with pytest.raises(BadInput) as error:
        await searching(server).search("xyzzy", "en", 10)
    assert error.value.key == "search.nothing"


async def test_a_refusal_is_told_apart_and_the_engine_left_alone(server: SearchServer) -> None:
    server.status = 429
    search = searching(server)
    for _ in range(2):
        with pytest.raises(Unavailable) as error:
            await search.search("opening hours", "en", 10)
        assert error.value.key == "search.blocked"
    assert len(server.asked) == 1


async def test_an_unreachable_engine_does_not_stop_the_next(server: SearchServer) -> None:
    server.urls = ["https://one.example/"]
    dead = duckduckgo(SearchServer("http://127.0.0.1:9"))
    found = await searching(server, dead=dead, alive=duckduckgo(server)).search("opening hours", "pt", 10)
    assert [result.url for result in found] == ["https://one.example/"]


async def test_enough_is_enough(server: SearchServer) -> None:
    server.urls = [f"https://example.org/{n}" for n in range(30)]
    search = searching(server, first=duckduckgo(server), second=duckduckgo(server))
    assert len(await search.search("opening hours", "en", 10)) == 10
    assert len(server.asked) == 1


async def test_searxng_finds_pages(server: SearchServer) -> None:
    server.urls = ["https://one.example/", "ftp://two.example/"]
    found = await SearxngSearch(f"{server.base}/").search("horário", "pt", 10)
    assert found == (WebResult("https://one.example/", "Page 0", "About it"),)
    server.urls = []
    with pytest.raises(BadInput):
        await SearxngSearch(server.base).search("horário", "pt", 10)


@pytest.mark.parametrize(("status", "key"), [(403, "search.no_json"), (500, "search.unreachable")])
async def test_a_searxng_that_does_not_answer_says_what_to_do(server: SearchServer, status: int, key: str) -> None:
    server.status = status
    with pytest.raises(Unavailable) as error:
        await SearxngSearch(server.base).search("horário", "pt", 10)
    assert error.value.key == key
