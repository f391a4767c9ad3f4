"""The schema's history as Alembic revisions, never edited after a release, and the upgrade to the last of them."""

from __future__ import annotations

from sqlalchemy import Connection

SCRIPTS = "core.storage:migrations"
"""Alembic's script location: this package, which holds ``env.py`` and ``versions``."""

REVISIONS: tuple[str, ...] = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
    "0020",
    "0021",
    "0022",
    "0023",
    "0024",
    "0025",
    "0026",
    "0027",
    "0028",
    "0029",
    "0030",
    "0031",
    "0032",
    "0033",
)
"""Every revision this version of AION knows, oldest first. Listed here so that opening a database needs no Alembic."""


def upgrade(connection: Connection) -> None:
    """Run the missing revisions inside the connection's open transaction.

    Alembic is imported here alone, since most starts have nothing to upgrade.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
