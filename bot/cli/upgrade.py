"""``aion upgrade``: the database's tables."""

from __future__ import annotations

from bot.cli.root import app, finish


@app.command(epilog="Example:  aion upgrade && aion run")
def upgrade() -> None:
    """Bring the database to this version's tables; every start does so, too."""
    from bot.operator.upgrade import upgrade_database

    finish(upgrade_database())
