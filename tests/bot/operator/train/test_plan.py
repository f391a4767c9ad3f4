"""``aion train plan`` as the terminal runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from core.training.run_log import append_run, runs_file
from core.training.scaling import Law, ScalingRun


@pytest.fixture(autouse=True)
def in_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AION_LANGUAGE", "en")
    for name in ("AION_BASE_MODEL", "AION_LOCAL_MODEL", "AION_LORA_RANK"):
        monkeypatch.delenv(name, raising=False)


def plan(*words: str) -> Result:
    return CliRunner().invoke(app, ["train", "plan", *words])


def test_the_examples_of_a_file_are_counted(tmp_path: Path):
    (tmp_path / "sft.jsonl").write_text(("x" * 720 + "\n") * 64)
    told = plan("--data", "sft.jsonl", "--base", "mistralai/Mistral-7B-Instruct-v0.3", "--epochs", "3", "--json")
    assert told.exit_code == 0, told.output
    found = json.loads(told.output)
    assert found["n_steps"] == 6
    assert found["n_tokens"] == pytest.approx(64 * 200 * 3)
    assert all(place["fits"] and place["memory_gib"] < 16 for place in found["places"])


def test_it_is_shown_as_a_table_for_the_model_in_use():
    told = plan()
    assert told.exit_code == 0, told.output
    assert "smollm2-135m-instruct: 0.13 billion weights" in told.output
    assert "Kaggle P100" in told.output


def test_what_fits_nowhere_is_said(tmp_path: Path):
    config = {"hidden_size": 8192, "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8}
    (tmp_path / "config.json").write_text(json.dumps({**config, "intermediate_size": 28672, "vocab_size": 128256}))
    told = plan("--base", str(tmp_path))
    assert told.exit_code == 0, told.output
    assert "fits no free GPU" in told.output


def test_the_law_of_recorded_runs_is_found_and_drawn(tmp_path: Path):
    law = Law(1.7, 400, 410, 0.34, 0.28)
    rows = [{"params": n, "tokens": d, "loss": law.loss(n, d)} for n in (1e7, 1e8, 1e9) for d in (1e8, 1e9, 1e10)]
    (tmp_path / "runs.jsonl").write_text("\n".join(map(json.dumps, rows)))
    told = plan("--runs", "runs.jsonl", "--flops", "1e19", "--plot", "law.png", "--json")
    assert told.exit_code == 0, told.output
    found = json.loads(told.output)
    assert found["law"]["alpha"] == pytest.approx(0.34, abs=0.01)
    assert 6 * found["optimum"]["n_params"] * found["optimum"]["n_tokens"] == pytest.approx(1e19)
    assert (tmp_path / "law.png").stat().st_size > 5000
    assert "L(N, D) = 1.7" in plan("--runs", "runs.jsonl").output


def test_the_runs_made_here_are_what_the_law_is_fitted_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path / "data"))
    told = plan("--law")
    assert told.exit_code == 1
    assert "runs.jsonl cannot be read" in told.output
    law = Law(1.7, 400, 410, 0.34, 0.28)
    for n in (1e7, 1e8, 1e9):
        for d in (1e8, 1e9, 1e10):
            append_run(runs_file(tmp_path / "data"), ScalingRun(n, d, law.loss(n, d)), "v1")
    told = plan("--law")
    assert told.exit_code == 0, told.output
    assert "L(N, D) = 1.7" in told.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "nowhere.jsonl"], "cannot be read"),
        (["--data", "empty.jsonl"], "is empty"),
        (["--base", "nobody/has-this"], "shape of nobody/has-this"),
        (["--runs", "empty.jsonl"], "too few"),
        (["--runs", "broken.jsonl"], 'A run is a line like {"params"'),
        (["--hardware", "broken.jsonl"], "no file of places"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, words: list[str], said: str):
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "broken.jsonl").write_text('{"params": "x"}\n')
    told = plan(*words)
    assert told.exit_code == 1
    assert said in told.output
