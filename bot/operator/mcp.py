"""``aion mcp``: the MCP server over stdio or HTTP, before the core itself or before an AION that runs already."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.mcp.http import mcp_app
from bot.mcp.remote import RemotePrograms
from bot.mcp.server import mcp_server
from bot.terminal.open_aion import open_aion
from bot.terminal.output import TerminalConsole
from bot.web.app import serve
from core.errors import BadInput, Unavailable
from core.http_client import HttpClient
from core.programs.port import ProgramPort, ProgramsPort
from core.settings import Settings, read_settings

TOKEN = "AION_API_TOKEN"
"""The variable with the token of the program that speaks over stdio."""


async def serve_stdio() -> None:
    """Serve the program of ``AION_API_TOKEN`` over standard input and output until they close.

    Raises ``PermissionRefused`` when there is no such program.
    """
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise BadInput("program.no_token")
    async with _open_programs() as programs:
        await programs.admit(token)

        async def admit(_: Any) -> ProgramPort:
            return await programs.admit(token)  # again at each request: it may be revoked meanwhile

        await mcp_server(admit).run_stdio_async()


async def serve_http(address: str) -> None:
    """Serve every program by its own token at ``http://HOST:PORT/mcp`` until cancelled.

    Raises ``BadInput`` when ``address`` has no port, ``Unavailable`` when it cannot be bound.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise BadInput("web.no_port", address=address)
    console = TerminalConsole(stderr=True)
    async with _open_programs() as programs, mcp_app(programs, host) as app:
        await serve(app, host, int(port), lambda url: console.print(f"{url}/mcp"))


@asynccontextmanager
async def _open_programs() -> AsyncIterator[ProgramsPort]:
    """Open AION; where another process has its data folder, ask that one at the address of ``/health``."""
    settings = read_settings()
    try:
        async with open_aion() as aion:
            yield aion.programs
            return
    except Unavailable as error:
        if error.key != "storage.in_use":
            raise
    async with HttpClient(base_url=_address(settings), trust_env=False) as client:
        yield RemotePrograms(client)


def _address(settings: Settings) -> str:
    if not settings.health_port:
        raise Unavailable("program.elsewhere")
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.health_host, settings.health_host)
    return f"http://[{host}]:{settings.health_port}" if ":" in host else f"http://{host}:{settings.health_port}"
