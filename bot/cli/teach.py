"""Teaching: files and pages in, out, and listed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import Space, app, finish


@app.command(epilog="Examples:  aion index notes/ handbook.pdf  ·  aion index faq.md --space discord:1234")
def index(
    paths: Annotated[
        list[Path], typer.Argument(help="Files or folders: .md .txt .html .pdf, chat logs, code", show_default=False)
    ],
    space: Space = "global",
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Do nothing when the space already holds documents.")
    ] = False,
) -> None:
    """Teach files: unchanged ones are skipped, changed ones replace what was known."""
    from bot.operator import documents

    finish(documents.index(paths, space, if_empty))


@app.command(epilog='Examples:  aion learn https://example.org/faq  ·  aion learn "bread baking" --space discord:1234')
def learn(
    what: Annotated[str, typer.Argument(help="A page's address, or a theme to look for.", show_default=False)],
    space: Space = "global",
) -> None:
    """Teach one web page, or search the web for a theme; what a search finds waits for aion review."""
    from bot.operator import documents

    finish(documents.learn(what, space))


@app.command(epilog="Examples:  aion docs  ·  aion docs --space terminal:ana")
def docs(space: Space = "global") -> None:
    """List the documents of a space."""
    from bot.operator import documents

    finish(documents.docs(space))


@app.command(epilog='Examples:  aion forget handbook.md  ·  aion forget "#12"')
def forget(
    document: Annotated[str, typer.Argument(help="Its name, title or #number.", show_default=False)],
    space: Space = "global",
) -> None:
    """Remove a document and everything learned from it."""
    from bot.operator import documents

    finish(documents.forget(document, space))


@app.command("map", epilog="Examples:  aion map --png map.png  ·  aion map --html map.html --space discord:1234")
def draw_map(
    html: Annotated[Path | None, typer.Option("--html", help="Write a page to turn and zoom with the mouse.")] = None,
    png: Annotated[Path | None, typer.Option("--png", help="Write a picture.")] = None,
    space: Space = "global",
) -> None:
    """Draw what a space knows in three dimensions: passages that say alike things lie together."""
    from bot.operator import documents

    if html is None and png is None:
        png = Path("aion-map.png")
    finish(documents.draw_map(space, html, png))


@app.command(epilog="Example:  AION_EMBEDDER=./my-model aion reembed")
def reembed() -> None:
    """Embed every stored passage again, after AION_EMBEDDER changed."""
    from bot.operator import documents

    finish(documents.reembed())
