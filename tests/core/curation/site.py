"""A web site on loopback with good pages and every kind of bad one, and a search that finds them."""

from __future__ import annotations

import asyncio
import gzip
import html
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from core.curation.websearch import WebResult
from core.types import Language

ROBOTS = "User-agent: *\nDisallow: /private\n"


def as_page(title: str, text: str) -> str:
    """Return a page as sites make them: an article within navigation and a footer."""
    paragraphs = "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n"))
    return (
        f"<html><head><title>{html.escape(title)}</title></head><body><nav><a href=/>Home</a> <a href=/x>News</a></nav>"
        f"<main><article><h1>{html.escape(title)}</h1>{paragraphs}</article></main><footer>Imprint</footer></body></html>"
    )


@dataclass
class Site:
    """The site. ``pages`` are its articles and ``feeds`` its feeds by path; the bad ones are always there.

    What has an etag is sent only to those who do not know that version; what is held waits until it no longer is.
    """

    base: str = ""
    host: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    feeds: dict[str, str] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    served: Counter[str] = field(default_factory=Counter)
    statuses: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def url(self, path: str) -> str:
        return f"{self.base}{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.served[request.path] += 1
        while request.path in self.held:  # noqa: ASYNC110 (a test changes it)
            await asyncio.sleep(0.05)
        response = await self._respond(request)
        self.statuses[request.path].append(response.status)
        return response

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        etag = self.etags.get(request.path)
        headers = {"ETag": etag} if etag else {}
        if etag and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        for path in (request.path_qs, request.path):
            if path in self.pages:
                return web.Response(text=self.pages[path], content_type="text/html", headers=headers)
        if request.path in self.feeds:
            return web.Response(text=self.feeds[request.path], content_type="application/xml", headers=headers)
        return await _BAD.get(request.path.rstrip("0123456789"), _missing)(request)


async def _missing(_: web.Request) -> web.StreamResponse:
    return web.Response(status=404)


async def _robots(_: web.Request) -> web.StreamResponse:
    return web.Response(text=ROBOTS, content_type="text/plain")


async def _script(_: web.Request) -> web.StreamResponse:
    return web.Response(text="<html><body><script>render()</script></body></html>", content_type="text/html")


async def _login(_: web.Request) -> web.StreamResponse:
    form = "<h1>Sign in</h1><form><input name=u><input type=password name=p></form><p>Subscribers only.</p>"
    return web.Response(text=f"<html><body>{form}</body></html>", content_type="text/html")


async def _bomb(_: web.Request) -> web.StreamResponse:
    body = gzip.compress(b"<html><body>" + b"a" * 30_000_000)
    return web.Response(body=body, content_type="text/html", headers={"Content-Encoding": "gzip"})


async def _slow(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response(text="late")


async def _around(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(request.path)


async def _menu(_: web.Request) -> web.StreamResponse:
    items = "".join(f"<li><a href=/{n}>Offer {n}</a></li>" for n in range(200))
    return web.Response(text=f"<html><body><ul>{items}</ul></body></html>", content_type="text/html")


async def _picture(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"\x89PNG\r\n", content_type="image/png")


async def _private(_: web.Request) -> web.StreamResponse:
    return web.Response(text=as_page("Private", "Secret. " * 100), content_type="text/html")


_BAD = {
    "/robots.txt": _robots,
    "/script": _script,
    "/login": _login,
    "/bomb": _bomb,
    "/slow": _slow,
    "/around": _around,
    "/menu": _menu,
    "/picture": _picture,
    "/private": _private,
}


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    """Serve the site while the block runs."""
    site = Site()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", site.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    site.host, site.base = f"{host}:{port}", f"http://{host}:{port}"
    try:
        yield site
    finally:
        await runner.cleanup()


@dataclass
class SiteSearch:
    """Finds the pages it was given, whatever is looked for (``core.curation.websearch.WebSearch``)."""

    site: Site
    paths: tuple[str, ...]

    async def search(self, theme: str, language: Language, n_results: int) -> tuple[WebResult, ...]:
        return tuple(WebResult(self.site.url(path), path.strip("/"), theme) for path in self.paths[:n_results])
