"""The terminal's language: from the environment."""

from __future__ import annotations

import os

from core.texts import language_of_locale
from core.types import Language


def locale() -> str | None:
    """Return the terminal's language tag: ``AION_LANGUAGE`` where set, else the system's."""
    names = ("AION_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    return next((value for name in names if (value := os.environ.get(name))), None)


def speaking() -> Language:
    """Return the language of the terminal: the locale's where AION speaks it, else English."""
    return language_of_locale(locale(), "en")
