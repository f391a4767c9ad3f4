"""``aion tokens``: the programs that may ask: list, add, revoke."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import Audience, Space, app, finish, with_audience

group = typer.Typer(help="Programs that may ask, each in one space: aion tokens; add, revoke.", rich_markup_mode=None)
app.add_typer(group, name="tokens")


@group.callback(invoke_without_command=True, epilog="Example:  aion tokens")
def show(context: typer.Context) -> None:
    """List the programs and how much each asked; also while AION runs."""
    if context.invoked_subcommand is not None:
        return
    from bot.operator.tokens import print_programs

    finish(print_programs())


@group.command(epilog="Example:  aion tokens add helpdesk --space discord:1234")
def add(
    name: Annotated[str, typer.Argument(help="What the program is called in the list.", show_default=False)],
    space: Space = "global",
    audience: Audience = "",
) -> None:
    """Let a program ask in a space, for one audience of it, and print its token, once."""
    from bot.operator.tokens import add_program

    finish(add_program(name, with_audience(space, audience)))


@group.command(epilog="Example:  aion tokens revoke 3")
def revoke(
    number: Annotated[int, typer.Argument(min=0, max=10**18 - 1, help="Its number.", show_default=False)],
) -> None:
    """Make a program's token useless, at once."""
    from bot.operator.tokens import revoke_program

    finish(revoke_program(number))
