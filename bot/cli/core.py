"""``aion core``: answers for gateways."""

from __future__ import annotations

from bot.cli.root import app, finish


@app.command(epilog="Example:  AION_DATABASE_URL=… AION_CORE_TOKEN=… AION_CORE_HOST=0.0.0.0 aion core")
def core() -> None:
    """Answer what gateways send, and run the regular jobs; start as many as are needed."""
    from bot.operator.core import run_core

    finish(run_core())
