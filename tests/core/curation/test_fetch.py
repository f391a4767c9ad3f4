"""Fetching over loopback: what comes through, and everything that must not."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import ssl
import subprocess
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from core.curation.fetch import Fetcher, FetchLimits
from core.curation.guarded_http import readable_address
from core.errors import BadInput
from core.texts import explain
from core.types import LANGUAGES

QUICK = FetchLimits(max_bytes=100_000, max_redirects=3, deadline_s=5)
HASTY = FetchLimits(deadline_s=0.5)
PAGE = "<html><body><h1>Keys</h1><p>Under the pot.</p></body></html>"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Site:
    """A web server on loopback that remembers what it was asked."""

    base: str
    host: str
    seen: list[web.Request] = field(default_factory=list)

    def fetcher(self, limits: FetchLimits = QUICK) -> Fetcher:
        return Fetcher(frozenset({self.host}), limits)


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    site = Site("", "")

    async def remember(request: web.Request) -> web.StreamResponse:
        site.seen.append(request)
        return await handler(request)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", remember)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await listener.start()
    host, port = runner.addresses[0][:2]
    site.host, site.base = f"{host}:{port}", f"{'https' if tls else 'http'}://{host}:{port}"
    try:
        yield site
    finally:
        await runner.cleanup()


async def refusal(fetcher: Fetcher, url: str) -> str:
    """Return the key of the sentence a fetch is refused with, once it is known to be one in every language."""
    with pytest.raises(BadInput) as error:
        await fetcher.fetch(url)
    assert all(explain(language, error.value) for language in LANGUAGES)
    return error.value.key


def page(text: str = PAGE, content_type: str = "text/html", **rest: object) -> web.Response:
    return web.Response(text=text, content_type=content_type, **rest)  # type: ignore[arg-type]


# --- what comes through --------------------------------------------------------------------------


async def test_a_page_comes_with_its_type_and_says_who_asks() -> None:
    async def handler(request: web.Request) -> web.Response:
        return page(charset="utf-8")

    async with serving(handler) as site:
        fetched = await site.fetcher().fetch(f" {site.base}/keys?x=1#part ")
    assert fetched.url == f"{site.base}/keys?x=1"
    assert fetched.content_type == "text/html; charset=utf-8"
    assert fetched.data == PAGE.encode()
    assert site.seen[0].headers["User-Agent"].startswith("AION/")
    assert "Cookie" not in site.seen[0].headers


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_compressed_page_is_decompressed(encoding: str) -> None:
    async def handler(request: web.Request) -> web.Response:
        body = (gzip.compress if encoding == "gzip" else zlib.compress)(PAGE.encode())
        return web.Response(body=body, content_type="text/html", headers={"Content-Encoding": encoding})

    async with serving(handler) as site:
        assert (await site.fetcher().fetch(site.base)).data == PAGE.encode()


async def test_redirects_are_followed_to_where_the_page_is() -> None:
    async def handler(request: web.Request) -> web.Response:
        n = int(request.path.strip("/") or 0)
        if n < 3:
            raise web.HTTPFound(f"/{n + 1}")
        return page()

    async with serving(handler) as site:
        fetched = await site.fetcher().fetch(site.base)
    assert (fetched.url, fetched.final_url) == (site.base, f"{site.base}/3")


# --- where it may not go -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "https://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://10.0.0.8/",
        "http://192.168.1.1/admin",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://[64:ff9b::7f00:1]/",
    ],
)
async def test_addresses_inside_the_network_are_refused(url: str) -> None:
    assert await refusal(Fetcher(limits=QUICK), url) == "fetch.inside"


@pytest.mark.parametrize(
    "url", ["http://example.org:8080/", "http://user:pass@example.org/", "http://2130706433/", "http://0177.0.0.1/"]
)
async def test_disguised_and_unusual_addresses_are_refused(url: str) -> None:
    assert await refusal(Fetcher(limits=QUICK), url) in {"fetch.refused", "fetch.inside", "fetch.not_an_address"}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hello",
        "hello world",
        "ftp://example.org/a",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http:///a",
    ],
)
async def test_what_is_no_web_address_is_refused(url: str) -> None:
    assert await refusal(Fetcher(limits=QUICK), url) == "fetch.not_an_address"


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("example.org/faq", "https://example.org/faq"),
        ("<https://example.org/a b>", None),
        ("<https://example.org/a>", "https://example.org/a"),
        ("http://example.org/a#b", "http://example.org/a"),
    ],
)
def test_an_address_as_people_type_it(typed: str, address: str | None) -> None:
    if address is None:
        with pytest.raises(BadInput):
            readable_address(typed)
    else:
        assert readable_address(typed) == address


async def test_only_exactly_the_allowed_host_and_port_are_exempt() -> None:
    async def handler(request: web.Request) -> web.Response:
        return page()

    async with serving(handler) as allowed, serving(handler) as other:
        fetcher = allowed.fetcher()
        assert (await fetcher.fetch(allowed.base)).data
        for url in (other.base, allowed.base.replace("127.0.0.1", "127.0.0.2"), allowed.base.replace("//", "//u:p@")):
            assert await refusal(fetcher, url) in {"fetch.inside", "fetch.refused"}
    assert not other.seen
    assert len(allowed.seen) == 1


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/secret", "//localhost:{port}/", "http://[::1]/", "http://10.0.0.8/"]
)
async def test_a_redirect_into_the_network_is_refused(target: str) -> None:
    async def secret(request: web.Request) -> web.Response:
        return page("secret")

    async with serving(secret) as inside:
        port = inside.host.split(":")[1]

        async def handler(request: web.Request) -> web.Response:
            raise web.HTTPFound(target.format(port=port))

        async with serving(handler) as site:
            assert await refusal(site.fetcher(), site.base) in {"fetch.inside", "fetch.refused"}
    assert not inside.seen


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/", "http://[::"])
async def test_a_redirect_out_of_the_web_is_refused(target: str) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": target})

    async with serving(handler) as site:
        assert await refusal(site.fetcher(), site.base) in {"fetch.refused", "fetch.unreachable"}


async def test_redirects_without_end_are_refused() -> None:
    async def handler(request: web.Request) -> web.Response:
        raise web.HTTPFound("/again")

    async with serving(handler) as site:
        assert await refusal(site.fetcher(), site.base) == "fetch.redirects"
    assert len(site.seen) == QUICK.max_redirects + 1


# --- pages that cannot be had --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "key"),
    [
        (404, "not_found"),
        (410, "not_found"),
        (401, "forbidden"),
        (403, "forbidden"),
        (429, "status"),
        (500, "status"),
        (503, "status"),
        (204, "status"),
    ],
)
async def test_a_page_that_is_not_there(status: int, key: str) -> None:
    async def handler(request: web.Request) -> web.Response:
        return page(status=status)

    async with serving(handler) as site:
        assert await refusal(site.fetcher(), f"{site.base}/gone") == f"fetch.{key}"


@pytest.mark.parametrize("content_type", ["image/png", "application/octet-stream", "application/json", "video/mp4"])
async def test_what_is_no_page_is_refused_before_it_is_read(content_type: str) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type})
        await response.prepare(request)
        await asyncio.sleep(60)
        return response

    async with serving(handler) as site:
        assert await refusal(site.fetcher(), site.base) == "fetch.wrong_type"


async def test_a_server_that_never_answers() -> None:
    async def handler(request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return page()

    async with serving(handler) as site:
        assert await refusal(site.fetcher(HASTY), site.base) == "fetch.too_slow"


async def test_a_server_that_drips() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        while True:
            await response.write(b"a")
            await asyncio.sleep(0.02)

    async with serving(handler) as site:
        assert await refusal(site.fetcher(HASTY), site.base) == "fetch.too_slow"


async def test_a_page_without_end_is_cut_off() -> None:
    sent = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        while True:
            await response.write(b"a" * 10_000)
            sent += 10_000

    async with serving(handler) as site:
        assert (
            await refusal(site.fetcher(FetchLimits(max_bytes=100_000, deadline_s=30)), site.base) == "fetch.too_large"
        )
    assert sent < 50_000_000


async def test_a_small_download_that_unpacks_to_something_huge_is_cut_off() -> None:
    async def handler(request: web.Request) -> web.Response:
        bomb = gzip.compress(b"\0" * 20_000_000)
        return web.Response(body=bomb, content_type="text/html", headers={"Content-Encoding": "gzip"})

    async with serving(handler) as site:
        assert await refusal(site.fetcher(), site.base) == "fetch.too_large"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd"])
async def test_compression_that_cannot_be_bounded_is_refused(encoding: str) -> None:
    async def handler(request: web.Request) -> web.Response:
        body = gzip.compress(gzip.compress(PAGE.encode()))
        return web.Response(body=body, content_type="text/html", headers={"Content-Encoding": encoding})

    async with serving(handler) as site:
        assert await refusal(site.fetcher(), site.base) == "fetch.wrong_type"


async def test_broken_compression() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=b"not gzip at all", content_type="text/html", headers={"Content-Encoding": "gzip"})

    async with serving(handler) as site:
        assert await refusal(site.fetcher(), site.base) == "fetch.unreachable"


async def test_nobody_is_listening(unused_tcp_port: int) -> None:
    fetcher = Fetcher(frozenset({f"127.0.0.1:{unused_tcp_port}"}), QUICK)
    assert await refusal(fetcher, f"http://127.0.0.1:{unused_tcp_port}/") == "fetch.unreachable"


async def test_a_name_that_does_not_exist() -> None:
    assert (
        await refusal(Fetcher(limits=FetchLimits(deadline_s=30)), "https://no-such-host.invalid/")
        == "fetch.unknown_host"
    )


async def test_a_certificate_nobody_vouches_for(self_signed: ssl.SSLContext) -> None:
    async def handler(request: web.Request) -> web.Response:
        return page()

    async with serving(handler, self_signed) as site:
        assert await refusal(site.fetcher(), site.base) == "fetch.tls"
    assert not site.seen


async def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(request: web.Request) -> web.Response:
        return page()

    async with serving(handler) as proxy, serving(handler) as site:
        monkeypatch.setenv("HTTP_PROXY", proxy.base)
        monkeypatch.setenv("http_proxy", proxy.base)
        assert (await site.fetcher().fetch(site.base)).data
    assert not proxy.seen


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ssl.SSLContext]:
    """Yield a server context with a certificate for 127.0.0.1 that no authority signed."""
    folder = tmp_path_factory.mktemp("tls")
    make_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    yield context


def make_certificate(folder: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=127.0.0.1"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
