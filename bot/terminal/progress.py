"""Progress of the terminal's commands: a bar on a terminal, a line now and then in a file or a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TimeRemainingColumn,
)
from rich.text import Text

from bot.terminal.language import terminal_language
from core.control_characters import without_controls
from core.texts import say

LINE_EVERY_S = 10.0


class DescriptionColumn(ProgressColumn):
    """The description of a task, such as a file's name."""

    def render(self, task: Task) -> Text:
        """Return the description without control characters."""
        return Text(without_controls(task.description))


class ProgressLines(Progress):
    """Progress where there is no terminal: every ``LINE_EVERY_S`` a line with the count and the time left."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(console=console, disable=True, get_time=clock)
        self._clock = clock
        self._started_at = self._told_at = clock()

    def update(self, task_id: TaskID, **fields: Any) -> None:
        """Update a task, and print a line where one is due."""
        super().update(task_id, **fields)
        self._tell(self._tasks[task_id])

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        """Advance a task, and print a line where one is due."""
        super().advance(task_id, advance)
        self._tell(self._tasks[task_id])

    def _tell(self, task: Task) -> None:
        now = self._clock()
        if now - self._told_at < LINE_EVERY_S or not task.total or not task.completed:
            return
        self._told_at = now
        left_s = (now - self._started_at) / task.completed * max(0.0, task.total - task.completed)
        counts = {"n_done": round(task.completed), "n_total": round(task.total)}
        line = say(terminal_language(), "progress.line", **counts, left=_duration(left_s))
        self.console.print(f"{line} {without_controls(task.description)}".rstrip(), style="dim")


@contextmanager
def progress_bar(console: Console) -> Iterator[Progress]:
    """Show a count and the remaining time: a bar, removed when the block ends, or lines where there is no terminal."""
    if not console.is_terminal:
        yield ProgressLines(console)
        return
    columns = (SpinnerColumn(), DescriptionColumn(), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        yield progress


def _duration(seconds: float) -> str:
    """Return a duration as ``h:mm:ss`` or ``m:ss``."""
    minutes, s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{s:02}" if hours else f"{minutes}:{s:02}"
