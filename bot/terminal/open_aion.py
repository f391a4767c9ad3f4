"""Opening AION for a command of the terminal: settings, plugins, and a log that stays off the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.logs import log_to_file
from core.assembly.bootstrap import Aion, assemble
from core.settings import read_settings
from plugins import load_plugins


@asynccontextmanager
async def opened(tell: Callable[[str], None] = lambda key: None) -> AsyncIterator[Aion]:
    """Open AION while the block runs. Raises ``Unavailable`` when settings or data folder cannot be used.

    ``tell`` is given the key of a sentence for every slow step.
    """
    settings = read_settings()
    log_to_file(settings)
    async with assemble(settings, load_plugins(), tell) as aion:
        log_to_file(settings, aion.secrets)  # from here on their keys are known, and masked
        yield aion
