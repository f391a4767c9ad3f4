"""A data folder opened for a look at it, also while another process runs on it.

Imports little, so that small commands answer at once. Does not cover what a look at it tells
(``core.assembly.data_folder_status``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core.errors import Unavailable
from core.settings import Settings
from core.storage.database import Database


@dataclass(frozen=True, slots=True)
class DataFolder:
    """An open data folder. ``is_joined``: another process has it open."""

    is_joined: bool
    database: Database
    settings: Settings


@asynccontextmanager
async def join_data_folder(settings: Settings) -> AsyncIterator[DataFolder]:
    """Open a data folder for a look at it, also while another process is running on it; no model is loaded.

    Raises ``Unavailable`` when the data folder cannot be used.
    """
    is_joined = False
    try:
        database = await Database.open(settings.data_dir, settings.database_address)
    except Unavailable as error:
        if error.key != "storage.in_use":
            raise
        database, is_joined = await Database.open_shared(settings.data_dir, settings.database_address), True
    try:
        yield DataFolder(is_joined, database, settings)
    finally:
        await database.close()
