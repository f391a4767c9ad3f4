"""The ``aion`` command: one module for each subcommand, which the module of that name in ``bot.operator`` carries out.

Importing a module adds its subcommand, in the order in which ``aion --help`` lists them.
"""

from __future__ import annotations

# isort: off
from bot.cli import doctor, init, chat, run, index, learn, docs, forget, map, reembed, providers, serve  # noqa: F401
from bot.cli import eval, tune, quality, jobs, watch, review, train, lora  # noqa: F401

# isort: on
from bot.cli.root import app


def main() -> None:
    """Run the command line."""
    app()
