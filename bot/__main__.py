"""``python -m bot`` is the ``aion`` command."""

from bot.cli import main

main()
