"""The ``aion`` command: each subcommand reads the settings, assembles the core and hands over.

The subcommands are told apart by what they are for; importing their modules adds them, in the order ``--help`` lists.
"""

from __future__ import annotations

from bot.cli import operate, talk, teach, write, serve, measure, jobs, watch, review, train, lora  # isort: skip
from bot.cli.root import app, finish

__all__ = [
    "app",
    "finish",
    "jobs",
    "lora",
    "main",
    "measure",
    "operate",
    "review",
    "serve",
    "talk",
    "teach",
    "train",
    "watch",
    "write",
]


def main() -> None:
    """Run the command line."""
    app()
