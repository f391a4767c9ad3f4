"""``aion reembed``: new vectors after a change of the embedder."""

from __future__ import annotations

from bot.cli.root import app, finish


@app.command(epilog="Example:  AION_EMBEDDER=./my-model aion reembed")
def reembed() -> None:
    """Embed every stored passage again, after AION_EMBEDDER changed."""
    from bot.operator.knowledge.reembed import reembed_passages

    finish(reembed_passages())
