"""``aion serve``: the local model over HTTP, for other programs and for an AION elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import app, finish


@app.command(epilog="Examples:  aion serve  ·  AION_SERVE_TOKEN=… aion serve --host 0.0.0.0 --port 8000")
def serve(
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="The port; 0 takes any free one.")] = 8000,
    at_once: Annotated[
        int, typer.Option("--at-once", min=1, max=1000, help="Replies taken on at once; one more gets a 429.")
    ] = 32,
) -> None:
    """Serve the local model over HTTP: /generate, and OpenAI's /v1/chat/completions."""
    from bot.operator.serve import serve_local_model

    finish(serve_local_model(host, port, at_once))
