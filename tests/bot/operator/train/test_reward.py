"""``aion train reward`` as the terminal runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

Train = Callable[..., Result]


def test_too_few_dislikes_or_no_file_are_said(rewarded: Path, train: Train):
    liked = [line for line in (rewarded / "reward.jsonl").read_text().splitlines()[:40] if '"reward": 1' in line]
    (rewarded / "liked.jsonl").write_text("\n".join(liked) + "\n")
    told = train("reward", "--data", "liked.jsonl", "--on-base")
    assert told.exit_code == 1
    assert "at least 10" in told.output
    told = train("reward", "--data", "nowhere.jsonl")
    assert told.exit_code == 1
