"""``aion gateway``: Discord and Telegram, before cores."""

from __future__ import annotations

from bot.cli.root import app, finish


@app.command(epilog="Example:  AION_DATABASE_URL=… AION_CORE_URLS=http://127.0.0.1:8090 DISCORD_TOKEN=… aion gateway")
def gateway() -> None:
    """Connect to the platforms whose token is set, and let cores answer; a second one stands by."""
    from bot.operator.gateway import run_gateway

    finish(run_gateway())
