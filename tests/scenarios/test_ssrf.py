"""The fetcher may not be sent into the operator's network: of every way we know, not one socket is connected.

Connections are counted where Python asks the system for one (PEP 578), so that an attempt counts though nobody listens;
those to public addresses are stopped there, for the tests are offline.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from core.curation.fetch import Fetcher, FetchLimits
from core.curation.robots_fetch import PoliteFetcher
from core.errors import BadInput
from tests.core.curation.test_fetch import serving

LIMITS = FetchLimits(max_bytes=10_000, max_redirects=3, deadline_s=5)
PUBLIC = "93.184.216.34"
"""Nobody is asked there: the connection is stopped."""

REFUSED = {"fetch.inside", "fetch.refused", "fetch.not_an_address", "fetch.unknown_host"}


class Counter:
    """The addresses that sockets were asked to connect to while it counts."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.is_counting = False
        self.ours: str | None = None

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "socket.connect" or not self.is_counting or not isinstance(arguments[1], tuple):
            return
        host, port = arguments[1][:2]
        if f"{host}:{port}" == self.ours:
            return
        self.addresses.append(host)
        if ipaddress.ip_address(host.split("%")[0]).is_global:
            raise ConnectionRefusedError("the tests are offline")


_COUNTER = Counter()
sys.addaudithook(_COUNTER)


@pytest.fixture
def connections() -> Iterator[Counter]:
    _COUNTER.addresses, _COUNTER.is_counting, _COUNTER.ours = [], True, None
    yield _COUNTER
    _COUNTER.is_counting = False


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Return a name server: for each name the answers it gives, one after the other, the last one for ever."""
    answers: dict[str, list[list[str]]] = {}
    really = socket.getaddrinfo

    def resolve(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in answers:
            return really(host, port, *rest, **more)
        several = answers[name]
        addresses = several.pop(0) if len(several) > 1 else several[0]
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (each, int(port or 0), 0, 0))
            if ":" in each
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, int(port or 0)))
            for each in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return answers


async def refused(url: str, fetcher: Fetcher | None = None) -> str:
    with pytest.raises(BadInput) as raised:
        await (fetcher or Fetcher(limits=LIMITS)).fetch(url)
    return raised.value.key


INSIDE = {
    "loopback": ["127.0.0.1", "127.8.9.10", "[::1]", "localhost", "localhost.", "LOCALHOST"],
    "this host": ["0.0.0.0", "[::]", "0"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "[fc00::1]", "[fd12:3456::1]"],
    "link-local": ["169.254.1.1", "[fe80::1]"],
    "metadata": ["169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "metadata.google.internal"],
    "carrier-grade NAT": ["100.64.0.1", "100.127.255.254"],
    "mapped": ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:169.254.169.254]", "[::ffff:0:127.0.0.1]"],
    "translated": ["[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"],
    "compatible": ["[::127.0.0.1]", "[::7f00:1]"],
    "tunnelled": ["[2001:0:7f00:1::]"],
    "disguised": ["2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.1", "127.0.1", "①②⑦.⓪.⓪.①", "127。0。0。1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "224.0.0.1", "[ff02::1]", "192.0.2.1", "198.18.0.1"],
}


@pytest.mark.parametrize("host", [host for hosts in INSIDE.values() for host in hosts])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_socket_is_connected_into_the_network(connections: Counter, host: str, scheme: str) -> None:
    assert await refused(f"{scheme}://{host}/latest/meta-data/") in REFUSED
    assert connections.addresses == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org@127.0.0.1/",
        "http://127.0.0.1@example.org/",
        "http://user:pass@127.0.0.1/",
        "http://example.org:80@127.0.0.1:80/",
        "http://127.0.0.1#@example.org/",
        "http://127.0.0.1?@example.org/",
        "http://127.0.0.1\\@example.org/",
        "http://example.org\\@127.0.0.1/",
        "http://127.0.0.1%23@example.org/",
        "http://127.0.0.1%2f@example.org/",
        "http:127.0.0.1/",
        "http:///127.0.0.1/",
        "//127.0.0.1/",
        "http://127.0.0.1:80:80/",
        "http://[::1%25lo]/",
        "http://[127.0.0.1]/",
        "gopher://127.0.0.1:6379/_INFO",
        "file:///etc/passwd",
        "dict://127.0.0.1:11211/",
        "http://127.0.0.1:22/",
        "http://example.org:6379/",
        "http://127.0.0.1\t/",
        "http://127.0.0.1\r\nHost: example.org/",
    ],
)
async def test_no_trick_of_spelling_connects_a_socket(
    connections: Counter, names: dict[str, list[list[str]]], url: str
) -> None:
    names["example.org"] = [[PUBLIC]]
    assert await refused(url) in REFUSED | {"fetch.unreachable"}
    assert [address for address in connections.addresses if address != PUBLIC] == []


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
)
async def test_no_name_that_means_the_inside_connects_a_socket(
    connections: Counter, names: dict[str, list[list[str]]], inside: str
) -> None:
    names["trap.example"] = [[inside]]
    assert await refused("http://trap.example/") == "fetch.inside"
    names["both.example"] = [[PUBLIC, inside]]
    await refused("http://both.example/")
    assert inside not in connections.addresses
    assert connections.addresses in ([], [PUBLIC])


async def test_a_name_that_changes_between_check_and_connect_is_dialled_as_it_was_checked(
    connections: Counter, names: dict[str, list[list[str]]]
) -> None:
    names["rebind.example"] = [[PUBLIC], ["127.0.0.1"]]
    assert await refused("http://rebind.example/") == "fetch.unreachable"
    assert connections.addresses == [PUBLIC]


async def test_a_name_that_changes_between_two_fetches_is_checked_anew(
    connections: Counter, names: dict[str, list[list[str]]]
) -> None:
    names["rebind.example"] = [[PUBLIC], ["127.0.0.1"]]
    polite = PoliteFetcher(Fetcher(limits=LIMITS), pace_s=0)
    for _ in range(3):
        with pytest.raises(BadInput):
            await polite.fetch("http://rebind.example/")
    assert set(connections.addresses) <= {PUBLIC}


@pytest.mark.parametrize("host", [hosts[0] for hosts in INSIDE.values()])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_connects_a_socket_into_the_network(connections: Counter, host: str, status: int) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": f"http://{host}/secret"})

    async with serving(handler) as site:
        connections.ours = site.host
        assert await refused(site.base, site.fetcher(LIMITS)) in REFUSED
    assert connections.addresses == []


async def test_a_redirect_to_a_name_that_means_the_inside_is_refused(
    connections: Counter, names: dict[str, list[list[str]]]
) -> None:
    names["trap.example"] = [["127.0.0.1"]]

    async def handler(request: web.Request) -> web.Response:
        raise web.HTTPFound("http://trap.example/")

    async with serving(handler) as site:
        connections.ours = site.host
        assert await refused(site.base, site.fetcher(LIMITS)) == "fetch.inside"
    assert connections.addresses == []


async def test_the_count_does_count(connections: Counter) -> None:
    with socket.socket() as plain, pytest.raises(OSError, match="offline"):
        plain.connect((PUBLIC, 80))
    assert connections.addresses == [PUBLIC]
