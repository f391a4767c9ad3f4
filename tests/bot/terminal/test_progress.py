"""Progress in a file: a line now and then, with the time left."""

from __future__ import annotations

import io

import pytest

from bot.terminal.output import TerminalConsole
from bot.terminal.progress import LINE_EVERY_S, ProgressLines, progress_bar


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_line_every_so_often_says_how_far_it_is_and_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    stream, clock = io.StringIO(), Clock()
    progress = ProgressLines(TerminalConsole(file=stream, width=200), clock)
    task = progress.add_task("", total=None)
    for n in range(1, 61):
        clock.now += 1
        progress.update(task, description=f"notes/{n}\x1b[2J.md", completed=n, total=120)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 60 / LINE_EVERY_S
    assert lines[0] == "10 of 120, about 1:50 left. notes/10[2J.md"
    assert lines[-1].startswith("60 of 120, about 1:00 left.")


def test_short_work_prints_nothing() -> None:
    stream = io.StringIO()
    with progress_bar(TerminalConsole(file=stream)) as bar:
        task = bar.add_task("a", total=2)
        bar.advance(task)
        bar.advance(task)
    assert stream.getvalue() == ""


def test_hours_are_shown() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = ProgressLines(TerminalConsole(file=stream, width=200), clock)
    task = progress.add_task("", total=1_000)
    clock.now += 60
    progress.advance(task, 10)
    assert "1:39:00" in stream.getvalue()
