"""Where cores are said to be, and what a name stands for."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from bot.replicas import core_addresses
from bot.replicas.core_addresses import CoreAddress, CoreAddresses
from core.errors import Unavailable


@pytest.mark.parametrize(
    "urls", ["", " , ", "core:8090", "ftp://core", "http://", "http://core:port", "http://core:99999"]
)
def test_what_is_no_address_is_said_to_be_none(urls: str) -> None:
    with pytest.raises(Unavailable) as raised:
        CoreAddresses(urls)
    assert raised.value.values["name"] == "AION_CORE_URLS"


async def test_addresses_are_taken_as_they_are() -> None:
    known = await CoreAddresses("http://127.0.0.1:8090, https://core.example.org/,http://[::1]:8091").current()
    assert [each.url for each in known] == ["http://127.0.0.1:8090", "https://core.example.org", "http://[::1]:8091"]


async def test_a_name_stands_for_every_address_it_has_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_addresses, "RESOLVED_FOR_S", 0.0)
    hosts = ["10.0.0.1", "10.0.0.2"]

    async def resolve(host: str, port: int) -> list[Any]:
        assert (host, port) == ("aion-core", 8090)
        if not hosts:
            raise socket.gaierror
        return [(None, None, None, "", (each, port)) for each in hosts]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    cores = CoreAddresses("http://aion-core:8090")
    expected = [CoreAddress(f"http://{each}:8090", "aion-core:8090") for each in hosts]
    assert list(await cores.current()) == expected
    hosts.clear()  # a name that does not resolve for a moment ends nothing
    assert list(await cores.current()) == expected
    hosts.append("10.0.0.3")
    assert [each.url for each in await cores.current()] == ["http://10.0.0.3:8090"]
