"""``aion chat``: a conversation in the terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import app, finish


@app.command(epilog='Examples:  aion chat  ·  aion chat --once "When does the library open?" --json')
def chat(
    once: Annotated[str | None, typer.Option("--once", help="Answer this one question and exit.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: print the answer as JSON.")] = False,
    space: Annotated[
        str | None, typer.Option("--space", help="With --once: the space to ask in, e.g. discord:1234.")
    ] = None,
) -> None:
    """Talk to AION in the terminal."""
    from bot.adapters import console

    if once is None:
        finish(console.converse())
    elif as_json:
        finish(console.answer_as_json(once, space), as_json=True)
    else:
        finish(console.answer_as_text(once, space))
