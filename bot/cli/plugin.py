"""``aion plugin``: plugins of third parties: list them, begin a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import app, finish

group = typer.Typer(help="Plugins in the data folder: aion plugin; new.", rich_markup_mode=None)
app.add_typer(group, name="plugin")


@group.callback(invoke_without_command=True, epilog="Example:  aion plugin")
def show(context: typer.Context) -> None:
    """List the plugins in the data folder; also while AION runs."""
    if context.invoked_subcommand is not None:
        return
    from bot.operator.plugin import print_plugins

    finish(print_plugins())


@group.command(epilog="Example:  aion plugin new dice")
def new(
    name: Annotated[str, typer.Argument(help="Its name and its command's: a-z, 0-9, _.", show_default=False)],
    folder: Annotated[Path | None, typer.Option("--to", help="The folder.", show_default="data/plugins")] = None,
) -> None:
    """Write a plugin that works, with its test, to begin with."""
    from bot.operator.plugin import new_plugin

    finish(new_plugin(name, folder))
