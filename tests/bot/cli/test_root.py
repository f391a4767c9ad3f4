"""The root of the command line."""

from __future__ import annotations

from importlib.metadata import version

from typer.testing import CliRunner

from bot.cli import app


def test_version_is_told_and_nothing_else_is_done() -> None:
    told = CliRunner().invoke(app, ["--version"])
    assert (told.exit_code, told.output) == (0, f"aion {version('aion-memory')}\n")


def test_without_a_command_the_commands_are_listed() -> None:
    told = CliRunner().invoke(app, [])
    assert told.exit_code == 2
    assert "answers from what it was taught" in told.output
    assert "\n  doctor " in told.output
