"""``aion forget``: a document out of a space."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import Space, app, finish


@app.command(epilog='Examples:  aion forget handbook.md  ·  aion forget "#12"')
def forget(
    document: Annotated[str, typer.Argument(help="Its name, title or #number.", show_default=False)],
    space: Space = "global",
) -> None:
    """Remove a document and everything learned from it."""
    from bot.operator.knowledge.forget import forget_document

    finish(forget_document(document, space))
