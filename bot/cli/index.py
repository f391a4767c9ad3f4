"""``aion index``: files and folders into a space's documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import Space, app, finish


@app.command(epilog="Examples:  aion index notes/ handbook.pdf  ·  aion index faq.md --space discord:1234")
def index(
    paths: Annotated[
        list[Path], typer.Argument(help="Files or folders: documents, texts, tables, books, code", show_default=False)
    ],
    space: Space = "global",
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Do nothing when the space already holds documents.")
    ] = False,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Read what links in a folder point to outside of it, too.")
    ] = False,
) -> None:
    """Teach files: unchanged ones are skipped, changed ones replace what was known."""
    from bot.operator.index import index_paths

    finish(index_paths(paths, space, if_empty, follow_links))
