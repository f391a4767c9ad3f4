"""A small HTTP server, and requests to it that are cancelled at every point of their way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

N_POINTS = 60
"""Turns of the event loop after which a request is cancelled: more than one takes."""


@asynccontextmanager
async def answering_server() -> AsyncIterator[str]:
    """Yield the address of a server that answers every request with an empty JSON object."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def cancel_everywhere(ask: Callable[[], Awaitable[object]]) -> None:
    """Ask again and again, and cancel each request a turn of the loop later than the one before, once and twice."""
    for times in (1, 2):
        for n_turns in range(N_POINTS):
            asking = asyncio.ensure_future(ask())
            for _ in range(n_turns):
                await asyncio.sleep(0)
            for _ in range(times):
                asking.cancel()
                await asyncio.sleep(0)
            await asyncio.gather(asking, return_exceptions=True)
