"""What commands show while they work: lines of progress and a bar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from bot.terminal.language import speaking
from core.models.catalog import Tell
from core.texts import say


def teller(console: Console) -> Tell:
    """Return what shows the operator a line of progress, given by its key."""
    return lambda key: console.print(say(speaking(), key), style="dim")


@contextmanager
def progress_bar(console: Console) -> Iterator[Progress]:
    """Show a bar with a count and the time left; it goes away when done."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        yield progress
