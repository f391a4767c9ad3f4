"""``aion plugin new``: what it writes works, and so does its test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app

ROOT = Path(__file__).parents[3]


def test_from_the_template_to_a_plugin_that_passes_its_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("AION_LANGUAGE", "en")
    run = CliRunner()
    assert "There is no plugin" in run.invoke(app, ["plugin"]).output
    made = run.invoke(app, ["plugin", "new", "coin"])
    assert made.exit_code == 0 and "/plugin enable coin" in made.output
    assert "coin 0.1: Tosses a coin" in run.invoke(app, ["plugin"]).output
    test = tmp_path / "data" / "plugins" / "tests" / "test_coin.py"
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "-p", "no:cacheprovider", str(test)]
    passed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    again = run.invoke(app, ["plugin", "new", "coin"])
    assert again.exit_code == 1 and "is there already" in again.output
    assert "cannot be a plugin's name" in run.invoke(app, ["plugin", "new", "Coin!"]).output
