"""``aion docs``: the documents of a space."""

from __future__ import annotations

from bot.cli.root import Space, app, finish


@app.command(epilog="Examples:  aion docs  ·  aion docs --space terminal:ana")
def docs(space: Space = "global") -> None:
    """List the documents of a space."""
    from bot.operator.knowledge.docs import print_documents

    finish(print_documents(space))
