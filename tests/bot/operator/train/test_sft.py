"""``aion train sft`` as the terminal runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM
from typer.testing import Result

from core.models.lora import read_manifest
from core.training.run_log import read_runs, runs_file
from tests.tiny import chat

Train = Callable[..., Result]


def test_a_run_of_sft_is_a_candidate_and_is_recorded(place: Path, train: Train):
    lines = [json.dumps({"messages": chat(number)}) for number in range(20)]
    (place / "sft.jsonl").write_text("\n".join(lines[:16]) + "\n{broken\n")
    (place / "sft.held.jsonl").write_text("\n".join(lines[16:]))
    options = ["--batch", "4", "--accumulate", "1", "--rate", "5e-3", "--epochs", "2", "--rank", "4"]
    told = train("sft", "--data", "sft.jsonl", "--out", "lora", *options)
    assert told.exit_code == 0, told.output
    assert "1 line could not be read" in told.output and "It is v1" in told.output
    manifest = read_manifest(place / "lora")
    assert (manifest.method, manifest.rank) == ("sft", 4)
    assert manifest.metrics["held_out_loss"] < manifest.metrics["held_out_loss_before"]
    (run,) = read_runs(runs_file(place / "data"))
    plain = AutoModelForCausalLM.from_pretrained(place / "tiny")
    assert run.n_params == sum(weights.numel() for weights in plain.parameters())
    # <user>, the word, <assistant>; three words and <end>; each example twice
    assert run.n_tokens == 2 * 16 * (3 + 4)
    assert run.loss == pytest.approx(manifest.metrics["held_out_loss"])
