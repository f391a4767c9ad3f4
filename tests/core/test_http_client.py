"""The HTTP client whose requests may be cancelled."""

from __future__ import annotations

import httpx

from core.http_client import HttpClient
from tests.cancelled_requests import answering_server, cancel_everywhere

ONE = httpx.Limits(max_connections=1)
TIMEOUT = httpx.Timeout(30, pool=10)


async def test_cancelled_requests_lose_no_connection() -> None:
    async with answering_server() as address, HttpClient(limits=ONE, timeout=TIMEOUT) as client:
        await cancel_everywhere(lambda: client.get(address))
        assert (await client.get(address)).json() == {}
