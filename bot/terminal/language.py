"""The language of the terminal that called a command."""

from __future__ import annotations

from bot.terminal.caller import caller
from core.texts import language_of_locale
from core.types import Language


def terminal_locale() -> str | None:
    """Return the terminal's language tag: ``AION_LANGUAGE`` where set, else ``LC_ALL``, ``LC_MESSAGES`` or ``LANG``."""
    return caller().locale


def terminal_language() -> Language:
    """Return the language of ``terminal_locale`` where AION speaks it, else English."""
    return language_of_locale(terminal_locale(), "en")
