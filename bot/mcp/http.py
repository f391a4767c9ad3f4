"""The MCP server over streamable HTTP, at ``/mcp``; a request without a valid token is refused before MCP reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.mcp.server import mcp_server
from bot.web.bearer_token import bearer_in, bearer_of, is_loopback
from core.errors import PermissionRefused, Unavailable
from core.programs.port import ProgramPort, ProgramsPort
from core.texts import explain


class TokenGate:
    """Passes on the requests of admitted programs; answers others with 401, and 503 where AION cannot be asked."""

    def __init__(self, app: ASGIApp, programs: ProgramsPort) -> None:
        self._app = app
        self._programs = programs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        try:
            await self._programs.admit(bearer_of(Request(scope)))
        except (PermissionRefused, Unavailable) as error:
            is_refused = isinstance(error, PermissionRefused)
            status = HTTPStatus.UNAUTHORIZED if is_refused else HTTPStatus.SERVICE_UNAVAILABLE
            headers = {"WWW-Authenticate": "Bearer"} if is_refused else None
            refusal = JSONResponse({"error": explain("en", error)}, status, headers)
            return await refusal(scope, receive, send)
        await self._app(scope, receive, send)


@asynccontextmanager
async def mcp_app(programs: ProgramsPort, host: str) -> AsyncIterator[ASGIApp]:
    """Open the application while the block runs. Without sessions: each request stands alone.

    On a loopback ``host`` the Host and Origin of requests must be local, against DNS rebinding.
    """

    async def admit(headers: Mapping[str, str] | None) -> ProgramPort:
        return await programs.admit(bearer_in(headers or {}))

    names = ("127.0.0.1", "localhost", "[::1]")
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=is_loopback(host),
        allowed_hosts=[f"{name}:*" for name in names],
        allowed_origins=[f"http://{name}:*" for name in names],
    )
    server = mcp_server(admit)
    options: dict[str, Any] = {"stateless_http": True, "json_response": True, "transport_security": security}
    app = server.streamable_http_app(streamable_http_path="/mcp", host=host, **options)
    async with server.session_manager.run():
        yield TokenGate(app, programs)
