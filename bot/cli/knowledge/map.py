"""``aion map``: a space's passages as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import Space, app, finish


@app.command("map", epilog="Examples:  aion map --png map.png  ·  aion map --html map.html --space discord:1234")
def draw(
    html: Annotated[Path | None, typer.Option("--html", help="Write a page to turn and zoom with the mouse.")] = None,
    png: Annotated[Path | None, typer.Option("--png", help="Write a picture.")] = None,
    space: Space = "global",
) -> None:
    """Draw what a space knows in three dimensions: passages that say alike things lie together."""
    from bot.operator.knowledge.map import draw_map

    if html is None and png is None:
        png = Path("aion-map.png")
    finish(draw_map(space, html, png))
