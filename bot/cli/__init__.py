"""The ``aion`` command: one module for each subcommand, which the module of that name in ``bot.operator`` carries out.

Importing a module adds its subcommand, in the order in which ``aion --help`` lists them; nothing else uses the imports
(F401), and another order would be another menu.
"""

from __future__ import annotations

# isort: off
from bot.cli import doctor, init, chat, ask, run  # noqa: F401
from bot.cli.knowledge import index, learn, docs, spaces, forget, map, reembed  # noqa: F401
from bot.cli import gateway, core, providers, serve  # noqa: F401
from bot.cli.knowledge import import_  # noqa: F401
from bot.cli import settings, eval, tune, quality, jobs  # noqa: F401
from bot.cli.knowledge import watch, review, conflicts  # noqa: F401
from bot.cli import train, lora, backup, restore, migrate, upgrade, tokens, webhooks, mcp, plugin  # noqa: F401

# isort: on
import os

from bot.cli.root import app, naming_full_install

_OPTIONS = ("AION_BASE_MODEL", "AION_SFT_JSONL", "AION_LORA_OUT", "AION_LORA_RANK", "AION_LORA_ALPHA")
"""Variables that are defaults of options and no ``core.settings.Settings``."""


def main() -> None:
    """Run the command line. Variables of options are read as settings are: without quotes, ``~`` being the home."""
    for name in _OPTIONS:
        if value := os.environ.get(name):
            os.environ[name] = os.path.expanduser(value.strip().strip("\"'"))  # noqa: PTH111 (an id is no path)
    with naming_full_install():
        app()
