"""All reference pages, by their path in the repository."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.reference.chat_page import chat_page
from bot.reference.command_line_page import command_line_page
from bot.reference.settings_page import settings_page
from core.types import LANGUAGES, Language

CHAT_PAGES: Final[Mapping[Language, str]] = {
    "en": "docs/reference/chat.md",
    "pt": "docs/pt/reference/chat.md",
}
"""Where each language's page of the chat's commands and settings is."""


def reference_pages() -> dict[str, str]:
    """Return the text of every page."""
    pages = {CHAT_PAGES[language]: chat_page(language) for language in LANGUAGES}
    return pages | {
        "docs/reference/settings.md": settings_page(),
        "docs/reference/command-line.md": command_line_page(),
    }
