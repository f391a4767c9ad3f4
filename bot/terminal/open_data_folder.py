"""Opening the data folder alone, for a command of the terminal that looks into it or removes from it.

Loads no model and imports little, so that such a command answers at once. Logs go to a file, not to the screen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.logs import log_to_file
from bot.terminal.caller import caller
from core.assembly.data_folder import DataFolder, join_data_folder
from core.settings import read_settings
from core.storage.documents import Documents


@asynccontextmanager
async def open_data_folder() -> AsyncIterator[DataFolder]:
    """Open the data folder of the settings while the block runs, also while another process holds it.

    Raises ``Unavailable`` when settings or data folder cannot be used.
    """
    settings = read_settings()
    log_to_file(settings)
    async with join_data_folder(settings) as folder:
        yield folder


@asynccontextmanager
async def open_documents() -> AsyncIterator[Documents]:
    """Yield the documents of the AION that runs in this process, else those of the data folder.

    Raises ``Unavailable`` as ``open_data_folder`` does.
    """
    if (running := caller().running) is not None:
        yield running.documents
        return
    async with open_data_folder() as folder:
        yield Documents(folder.database)
