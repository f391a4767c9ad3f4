"""``aion train kto`` as the terminal runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from core.models.lora import read_manifest
from core.training.run_log import runs_file
from tests.tiny import chat

Train = Callable[..., Result]


def test_a_run_of_kto_goes_on_where_its_time_was_over(place: Path, train: Train):
    rows = [
        {"prompt": chat(n)[:1], "completion": chat(n if label else n + 3)[1:], "label": label}
        for n in range(12)
        for label in (True, False)
    ]
    (place / "kto.jsonl").write_text("\n".join(map(json.dumps, rows)))
    told = ["kto", "--data", "kto.jsonl", "--out", "lora", "--checkpoints", "saved", "--max-steps", "3"]
    left = train(*told, "--max-hours", "0")
    assert left.exit_code == 0, left.output
    assert "saved in saved" in left.output and not (place / "lora").exists()
    done = train(*told)
    assert done.exit_code == 0, done.output
    assert read_manifest(place / "lora").method == "kto"
    assert not runs_file(place / "data").exists()  # its loss is of another kind
