"""Bringing a database to this version's shape. The only place that imports Alembic, and only when there is work."""

from __future__ import annotations

from sqlalchemy import Connection

SCRIPTS = "core.storage:migrations"


def upgrade(connection: Connection) -> None:
    """Run the missing migrations inside the connection's open transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
