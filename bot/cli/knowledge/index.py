"""``aion index``: files and folders into a space's documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import Audience, Space, app, finish, with_audience


@app.command(epilog="Examples:  aion index notes/ handbook.pdf  ·  aion index site/ --code --verbose")
def index(
    paths: Annotated[
        list[Path], typer.Argument(help="Files or folders: documents, texts, tables, books, code", show_default=False)
    ],
    space: Space = "global",
    audience: Audience = "",
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Do nothing when the space already holds documents.")
    ] = False,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Read what links in a folder point to outside of it, too.")
    ] = False,
    code: Annotated[
        bool, typer.Option("--code", help="In folders, read source code and build settings, too, not documents alone.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Name each file that was left out, instead of a line for each kind.")
    ] = False,
) -> None:
    """Teach files: unchanged ones are skipped, changed ones replace what was known."""
    from bot.operator.knowledge.index import index_paths
    from core.knowledge.files import FileSelection

    selection = FileSelection(with_code=code, links_may_leave=follow_links)
    finish(index_paths(paths, with_audience(space, audience), selection, if_empty=if_empty, verbose=verbose))
