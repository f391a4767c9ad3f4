"""Output of the terminal's commands: a console for untrusted text, and sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.text import Text

from bot.terminal.caller import caller
from bot.terminal.language import terminal_language
from core.control_characters import without_controls
from core.markdown import Markdown, plain_text
from core.texts import say


class TerminalConsole(Console):
    """A console that shows strings as they are: without markup, emoji codes, highlighting and control characters.

    What it shows in styles is built of rich's own renderables.
    """

    def __init__(self, *, stderr: bool = False, **options: Any) -> None:
        plain = {"markup": False, "emoji": False, "highlight": False}
        super().__init__(**{**plain, **caller().console_options(stderr=stderr), **options})

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a string as text without control characters."""
        return super().render_str(without_controls(text), **options)

    def status(self, status: Any, **options: Any) -> Status:
        """Return a spinner with a text beside it, to be shown while a block runs."""
        return super().status(self.render_str(status) if isinstance(status, str) else status, **options)


def print_line(text: str) -> None:
    """Print ``text`` to the standard output without markup, highlighting or line breaks of its own."""
    TerminalConsole(soft_wrap=True).print(text)


def print_raw(text: str) -> None:
    """Print ``text`` to the standard output as it is, control characters included: JSON, which has escaped them."""
    TerminalConsole().file.write(f"{text}\n")


def print_markdown(markdown: Markdown) -> None:
    """Print Markdown as ``print_line`` prints text."""
    print_line(plain_text(markdown))


def print_sentence(key: str, **values: object) -> None:
    """Print the catalogue's sentence ``key``, with its gaps filled, in the terminal's language."""
    print_line(say(terminal_language(), key, **values))


def status_printer(console: Console) -> Callable[[str], None]:
    """Return a callback that prints the catalogue's sentence of a key to ``console``, dimmed."""
    return lambda key: console.print(say(terminal_language(), key), style="dim")
