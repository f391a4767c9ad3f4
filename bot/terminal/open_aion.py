"""Opening AION for a command of the terminal. Logs go to a file, not to the screen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.logs import log_to_file
from bot.terminal.caller import caller
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import read_settings
from plugins import load_plugins


@asynccontextmanager
async def open_aion(tell: Callable[[str], None] = lambda key: None) -> AsyncIterator[Aion]:
    """Open AION while the block runs, or take the one that runs in this process.

    ``tell`` is given the key of a sentence at the start of every slow step. Raises ``Unavailable`` when settings or
    data folder cannot be used, or another process holds the data folder.
    """
    if (running := caller().running) is not None:
        yield running
        return
    settings = read_settings()
    log_to_file(settings)
    async with assemble(settings, load_plugins(), tell) as aion:
        log_to_file(settings, aion.secrets)  # the keys of providers and workers are known from here on
        yield aion
