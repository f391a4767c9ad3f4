"""``aion review``: proposals that wait for approval: list, approve, reject."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import Space, app, finish

group = typer.Typer(
    help="What waits for approval: list, approve, reject; also while AION runs.",
    epilog="Examples:  aion review list --space discord:1234  ·  aion review approve 3 --space discord:1234",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(group, name="review")


@group.command("list", epilog="Example:  aion review list --space discord:1234")
def show(space: Space = "global") -> None:
    """Show what waits in a space."""
    from bot.operator.knowledge.review import print_pending

    finish(print_pending(space))


@group.command(epilog="Examples:  aion review approve 3 4  ·  aion review approve example.org --space discord:1234")
def approve(
    which: Annotated[
        list[str], typer.Argument(help="Numbers, or a site for all that waits from there.", show_default=False)
    ],
    space: Space = "global",
) -> None:
    """Let AION learn what waits."""
    from bot.operator.knowledge.review import approve_proposals

    finish(approve_proposals(which, space))


@group.command(epilog='Example:  aion review reject 3 --reason "out of date" --space discord:1234')
def reject(
    number: Annotated[int, typer.Argument(min=0, max=10**18 - 1, help="Its number.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    space: Space = "global",
) -> None:
    """Decline what waits; the same text is not proposed again."""
    from bot.operator.knowledge.review import reject_proposal

    finish(reject_proposal(number, reason, space))
