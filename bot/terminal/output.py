"""Output of the terminal's commands: sentences, progress lines and progress bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from bot.terminal.language import terminal_language
from core.texts import say


def print_line(text: str) -> None:
    """Print ``text`` to the standard output without markup, highlighting or line breaks of its own."""
    Console(soft_wrap=True, highlight=False).print(text, markup=False)


def print_sentence(key: str, **values: object) -> None:
    """Print the catalogue's sentence ``key``, with its gaps filled, in the terminal's language."""
    print_line(say(terminal_language(), key, **values))


def status_printer(console: Console) -> Callable[[str], None]:
    """Return a callback that prints the catalogue's sentence of a key to ``console``, dimmed."""
    return lambda key: console.print(say(terminal_language(), key), style="dim")


@contextmanager
def progress_bar(console: Console) -> Iterator[Progress]:
    """Show a progress bar with a count and the remaining time; it is removed when the block ends."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        yield progress
