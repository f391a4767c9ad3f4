"""``aion migrate``: from SQLite to PostgreSQL."""

from __future__ import annotations

from bot.cli.root import app, finish


@app.command(epilog="Example:  AION_DATABASE_URL=postgresql://user:password@host/aion aion migrate")
def migrate() -> None:
    """Copy all of the data folder's SQLite database to AION_DATABASE_URL and compare; go on where it was cut."""
    from bot.operator.migrate import migrate_database

    finish(migrate_database())
