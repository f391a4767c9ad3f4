"""``aion mcp``: the community's memory for other programs, by the Model Context Protocol."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import app, finish


@app.command(epilog="Examples:  AION_API_TOKEN=aion_… aion mcp  ·  aion mcp --http 127.0.0.1:8765")
def mcp(
    http: Annotated[
        str | None,
        typer.Option("--http", metavar="HOST:PORT", help="Serve streamable HTTP at /mcp, each client by its token."),
    ] = None,
) -> None:
    """Serve the read-only tools ask, search and gaps over stdio; where AION runs already, it answers them."""
    from bot.operator.mcp import serve_http, serve_stdio

    finish(serve_stdio() if http is None else serve_http(http))
