"""The connections of the Bot API."""

from __future__ import annotations

from bot.adapters.telegram.api_request import ApiRequest
from tests.cancelled_requests import answering_server, cancel_everywhere


async def test_cancelled_calls_lose_no_connection() -> None:
    request = ApiRequest(connection_pool_size=1, pool_timeout=10)
    await request.initialize()
    try:
        async with answering_server() as address:
            await cancel_everywhere(lambda: request.do_request(address, "POST"))
            assert await request.do_request(address, "POST") == (200, b"{}")
    finally:
        await request.shutdown()
