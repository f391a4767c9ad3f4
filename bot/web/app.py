"""The HTTP application and its server.

``create_app`` makes an application of routers; ``serve`` runs it in the current event loop, beside other tasks. What a
path does is in the module of its router.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterable, Iterator

import uvicorn
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from bot.web.body_limit import MAX_BODY_BYTES, BodyLimit
from bot.web.errors import add_error_handlers
from bot.web.request_id import RequestIds
from core.errors import Unavailable

GRACE_S = 10
"""Seconds that requests in flight may take to finish once the server is told to stop."""

KEEP_ALIVE_S = 65
"""Seconds an idle connection is kept: longer than clients' own limit, or one may send on a connection just closed."""

MAX_CONNECTIONS = 512
"""Connections at once; one more is answered 503. Fewer than the descriptors that a process may usually have (1,024)."""


def create_app(routers: Iterable[APIRouter], *, max_body_bytes: int = MAX_BODY_BYTES) -> FastAPI:
    """Return an application with these routers; reading more than ``max_body_bytes`` of a request answers 413."""
    app = FastAPI(title="AION", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(BodyLimit, max_bytes=max_body_bytes)
    app.add_middleware(RequestIds)
    add_error_handlers(app)
    for router in routers:
        app.include_router(router)
    return app


async def serve(app: ASGIApp, host: str, port: int, started: Callable[[str], None] = lambda url: None) -> None:
    """Serve until cancelled, then let requests in flight finish for ``GRACE_S`` seconds.

    ``port`` 0 takes any free one; ``started`` is given the URL once connections are accepted. Signals are left to the
    caller. Raises ``Unavailable`` when the address cannot be bound.
    """
    with _listen(host, port) as listener:
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
        server = _Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]), name="http server")
        try:
            started(_url(listener))  # the socket listens already: early connections wait in its backlog
            await asyncio.shield(running)
        finally:
            server.should_exit = True
            await asyncio.wait([running])


class _Server(uvicorn.Server):
    """A uvicorn server that installs no signal handlers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    try:
        if not 0 <= port <= 65_535:  # the resolver would take the rest of the number
            raise OSError(0, "there is no such port")
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server((address[0], port), family=family, backlog=1024)
    except (OSError, UnicodeError) as error:
        problem = getattr(error, "strerror", None) or error
        raise Unavailable("web.unusable", host=host, port=port, problem=problem) from None


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
