"""Sentences of the catalogue for the terminal's commands."""

from __future__ import annotations

from bot.terminal.language import terminal_language
from core.markdown import Markdown
from core.texts import say_markdown


class TerminalSpeaker:
    """Sentences of the catalogue in the terminal's language (``plugins.knowledge.learn.Speaker``)."""

    def say(self, key: str, **values: object) -> Markdown:
        """Return the sentence ``key`` with its gaps filled."""
        return say_markdown(terminal_language(), key, **values)
