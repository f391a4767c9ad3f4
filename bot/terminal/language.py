"""The terminal's language, read from the environment."""

from __future__ import annotations

import os

from core.dotenv_file import unquoted
from core.texts import language_of_locale
from core.types import Language


def terminal_locale() -> str | None:
    """Return the terminal's language tag: ``AION_LANGUAGE`` where set, else ``LC_ALL``, ``LC_MESSAGES`` or ``LANG``."""
    names = ("AION_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    return next((value for name in names if (value := unquoted(os.environ.get(name, "")))), None)


def terminal_language() -> Language:
    """Return the language of ``terminal_locale`` where AION speaks it, else English."""
    return language_of_locale(terminal_locale(), "en")
