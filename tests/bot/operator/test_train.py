"""``aion train sft`` and ``kto`` as the terminal runs them, on a model of a few thousand weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM
from typer.testing import CliRunner, Result

from bot.cli import app
from core.models.lora import read_manifest
from core.training.run_log import read_runs, recorded_in
from tests.tiny import WORDS, write_tiny_model


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("AION_BASE_MODEL", write_tiny_model(tmp_path / "tiny"))
    monkeypatch.setenv("AION_LANGUAGE", "en")
    return tmp_path


def aion(*words: str) -> Result:
    return CliRunner().invoke(app, ["train", *words])


def chat(number: int) -> list[dict[str, str]]:
    reply = " ".join(WORDS[number % 6 : number % 6 + 3])
    return [{"role": "user", "content": WORDS[number % 14]}, {"role": "assistant", "content": reply}]


def test_a_run_of_sft_is_a_candidate_and_is_recorded(place: Path):
    lines = [json.dumps({"messages": chat(number)}) for number in range(20)]
    (place / "sft.jsonl").write_text("\n".join(lines[:16]) + "\n{broken\n")
    (place / "sft.held.jsonl").write_text("\n".join(lines[16:]))
    options = ["--batch", "4", "--accumulate", "1", "--rate", "5e-3", "--epochs", "2", "--rank", "4"]
    told = aion("sft", "--data", "sft.jsonl", "--out", "lora", *options)
    assert told.exit_code == 0, told.output
    assert "1 lines could not be read" in told.output and "It is v1" in told.output
    manifest = read_manifest(place / "lora")
    assert (manifest.method, manifest.rank) == ("sft", 4)
    assert manifest.metrics["held_out_loss"] < manifest.metrics["held_out_loss_before"]
    (run,) = read_runs(recorded_in(place / "data"))
    plain = AutoModelForCausalLM.from_pretrained(place / "tiny")
    assert run.n_params == sum(weights.numel() for weights in plain.parameters())
    # <user>, the word, <assistant>; three words and <end>; each example twice
    assert run.n_tokens == 2 * 16 * (3 + 4)
    assert run.loss == pytest.approx(manifest.metrics["held_out_loss"])


def test_a_run_of_kto_goes_on_where_its_time_was_over(place: Path):
    rows = [
        {"prompt": chat(n)[:1], "completion": chat(n if label else n + 3)[1:], "label": label}
        for n in range(12)
        for label in (True, False)
    ]
    (place / "kto.jsonl").write_text("\n".join(map(json.dumps, rows)))
    told = ["kto", "--data", "kto.jsonl", "--out", "lora", "--checkpoints", "saved", "--max-steps", "3"]
    left = aion(*told, "--max-hours", "0")
    assert left.exit_code == 0, left.output
    assert "saved in saved" in left.output and not (place / "lora").exists()
    done = aion(*told)
    assert done.exit_code == 0, done.output
    assert read_manifest(place / "lora").method == "kto"
    assert not recorded_in(place / "data").exists()  # its loss is of another kind
