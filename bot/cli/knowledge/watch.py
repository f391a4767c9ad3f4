"""``aion watch``: pages, feeds, themes and folders read at an interval: list, add, stop."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import Space, app, finish

group = typer.Typer(help="Pages, feeds, themes and folders that are looked at again and again.", rich_markup_mode=None)
app.add_typer(group, name="watch")


@group.callback(
    invoke_without_command=True,
    epilog="Examples:  aion watch  ·  aion watch add notes/ --every 1d",
)
def show(context: typer.Context, space: Space = "global") -> None:
    """List what a space watches."""
    if context.invoked_subcommand is not None:
        return
    from bot.operator.knowledge.watch import print_watches

    finish(print_watches(space))


@group.command(
    epilog="Examples:  aion watch add notes/ --every 12h --space discord:1234  ·  aion watch add https://example.org/feed"
)
def add(
    what: Annotated[
        str, typer.Argument(help="A file, a folder, an address, a theme, git+https://…#docs.", show_default=False)
    ],
    every: Annotated[str, typer.Option("--every", help="How often: 12h, 7d, 2w.")] = "7d",
    space: Space = "global",
) -> None:
    """Look at something again and again; while AION runs, the first look is within ten minutes."""
    from bot.operator.knowledge.watch import add_watch

    finish(add_watch(what, every, space))


@group.command(epilog="Example:  aion watch prune 3 --space discord:1234")
def prune(
    number: Annotated[
        int, typer.Argument(min=0, max=10**18 - 1, help="Its number, as aion watch lists it.", show_default=False)
    ],
    space: Space = "global",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove what was learned of pages and files that are gone; lists them and asks first."""
    from bot.operator.knowledge.watch import prune_watch

    finish(prune_watch(number, space, lambda question: yes or typer.confirm(question)))


@group.command(epilog="Example:  aion watch stop 3 --space discord:1234")
def stop(
    number: Annotated[
        int, typer.Argument(min=0, max=10**18 - 1, help="Its number, as aion watch lists it.", show_default=False)
    ],
    space: Space = "global",
) -> None:
    """Watch something no longer; what was learned stays."""
    from bot.operator.knowledge.watch import stop_watch

    finish(stop_watch(number, space))
