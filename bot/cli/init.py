"""``aion init``: the settings of a first run."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.root import app, finish


@app.command(epilog="Examples:  aion init  ·  DISCORD_TOKEN=… TELEGRAM_TOKEN=… aion init --yes")
def init(
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: take what the environment holds.")] = False,
) -> None:
    """Ask for tokens, languages, models and keys, try them, and write .env."""
    from bot.operator.init.first_run import ask_person, take_environment

    finish(take_environment() if yes else ask_person())
