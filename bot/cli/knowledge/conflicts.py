"""``aion conflicts``: statements that contradict each other, and the decision which holds."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import Space, app, finish


@app.command(epilog="Examples:  aion conflicts --space discord:1234  ·  aion conflicts 3 first --space discord:1234")
def conflicts(
    number: Annotated[
        int | None,
        typer.Argument(min=0, max=10**18 - 1, help="One to decide on; nothing lists all.", show_default=False),
    ] = None,
    verdict: Annotated[
        str | None,
        typer.Argument(help="first, second, both, unrelated, or open to undo it.", show_default=False),
    ] = None,
    space: Space = "global",
) -> None:
    """List what contradicts itself in a space, or say which statement holds; also while AION runs."""
    from bot.operator.knowledge.conflicts import decide_conflict, print_conflict, print_conflicts

    if number is None:
        finish(print_conflicts(space))
    elif verdict is None:
        finish(print_conflict(number, space))
    else:
        finish(decide_conflict(number, verdict, space))
