"""Setting AION up, and finding out why it is silent."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import app, finish


@app.command(epilog="Examples:  aion doctor  ·  aion doctor --json")
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False) -> None:
    """List every reason for silence, each with its mend; also while AION runs. Exit status 1: something is broken."""
    from bot.operator.doctor import report as checkup

    if as_json:
        finish(checkup.show_as_json(), as_json=True)
    else:
        finish(checkup.show())


@app.command(epilog="Examples:  aion init  ·  DISCORD_TOKEN=… TELEGRAM_TOKEN=… aion init --yes")
def init(
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: take what the environment holds.")] = False,
) -> None:
    """Ask for tokens, languages, models and keys, try them, and write .env."""
    from bot.operator.init import first_run

    finish(first_run.take_environment() if yes else first_run.ask_person())
