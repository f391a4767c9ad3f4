"""``aion upgrade``: brings the database to this version's tables, as a step of its own before replicas are replaced."""

from __future__ import annotations

from bot.terminal.output import print_sentence
from core.errors import Unavailable
from core.settings import read_settings
from core.storage.database import Database
from core.storage.migrations import REVISIONS


async def upgrade_database() -> None:
    """Upgrade and say which revision the tables have.

    Raises ``Unavailable`` when the database cannot be used, is one of a newer version, or AION runs on its folder.
    """
    settings = read_settings()
    try:
        database = await Database.open(settings.data_dir, settings.database_address)
    except Unavailable as error:
        if error.key == "storage.in_use":
            raise Unavailable("upgrade.running", folder=settings.data_dir) from error
        raise
    async with database:
        print_sentence("upgrade.done", revision=REVISIONS[-1])
