"""``aion run``: Discord and Telegram."""

from __future__ import annotations

from bot.cli.root import app, finish


@app.command(epilog="Example:  DISCORD_TOKEN=… TELEGRAM_TOKEN=… aion run")
def run() -> None:
    """Start every platform whose token is set, and run until told to stop."""
    from bot.operator.run import run_platforms

    finish(run_platforms())
