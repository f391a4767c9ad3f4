"""``aion providers``: quotas and failures of the APIs that write answers."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import app, finish


@app.command(epilog="Examples:  aion providers  ·  aion providers --json  ·  aion providers --reset groq")
def providers(
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
    reset: Annotated[
        str | None, typer.Option("--reset", metavar="NAME", help="Let this benched provider be asked again.")
    ] = None,
) -> None:
    """Show what is left of every provider today, and why one is not asked."""
    from bot.operator.providers import print_providers, print_providers_as_json, reset_provider

    if reset is not None:
        finish(reset_provider(reset), as_json=as_json)
    elif as_json:
        finish(print_providers_as_json(), as_json=True)
    else:
        finish(print_providers())
