"""``aion spaces``: every space and what is in it."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import app, finish


@app.command(epilog="Examples:  aion spaces  ·  aion spaces --json")
def spaces(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List every server, group and private chat, with what it was taught and asked; also while AION runs."""
    from bot.operator.knowledge.spaces import print_spaces, print_spaces_as_json

    finish(print_spaces_as_json() if as_json else print_spaces(), as_json=as_json)
