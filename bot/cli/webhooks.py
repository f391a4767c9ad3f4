"""``aion webhooks``: addresses that are told of what happens: list, add, remove."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import Audience, Space, app, finish, with_audience

group = typer.Typer(help="Webhooks: aion webhooks lists all; add, remove.", rich_markup_mode=None)
app.add_typer(group, name="webhooks")


@group.callback(invoke_without_command=True, epilog="Example:  aion webhooks")
def show(context: typer.Context) -> None:
    """List the webhooks of every space and how they are doing; also while AION runs."""
    if context.invoked_subcommand is not None:
        return
    from bot.operator.webhooks import print_webhooks

    finish(print_webhooks())


@group.command(epilog="Example:  aion webhooks add https://example.org/hook answer.declined --space discord:1234")
def add(
    url: Annotated[str, typer.Argument(help="Where events are sent.", show_default=False)],
    events: Annotated[
        list[str] | None, typer.Argument(help="Which events, e.g. answer.declined; all without.", show_default=False)
    ] = None,
    space: Space = "global",
    audience: Audience = "",
) -> None:
    """Tell an address of a space's events, and print the secret that signs them, once."""
    from bot.operator.webhooks import add_webhook

    finish(add_webhook(with_audience(space, audience), url, events or []))


@group.command(epilog="Example:  aion webhooks remove 3 --space discord:1234")
def remove(
    number: Annotated[int, typer.Argument(min=0, max=10**18 - 1, help="Its number.", show_default=False)],
    space: Space = "global",
    audience: Audience = "",
) -> None:
    """Tell a webhook nothing more."""
    from bot.operator.webhooks import remove_webhook

    finish(remove_webhook(with_audience(space, audience), number))
