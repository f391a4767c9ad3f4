"""``aion settings``: the settings of a community."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import Space, app, finish


@app.command(
    epilog="Examples:  aion settings --space discord:1234  ·  aion settings answers taught --space discord:1234"
)
def settings(
    name: Annotated[str | None, typer.Argument(help="Its name; without it all are listed.", show_default=False)] = None,
    value: Annotated[
        str | None, typer.Argument(help="Its new value; without it the values it takes are shown.", show_default=False)
    ] = None,
    space: Space = "global",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show or change what a community's moderators set with /settings; also while AION runs."""
    from bot.operator.settings import change_setting, print_as_json, print_list, print_one

    if name is not None and value is not None:
        finish(change_setting(name, value, space), as_json=as_json)
    elif as_json:
        finish(print_as_json(space), as_json=True)
    elif name is not None:
        finish(print_one(name, space))
    else:
        finish(print_list(space))
