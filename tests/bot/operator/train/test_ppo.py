"""``aion train ppo`` as the terminal runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from core.models.lora import read_manifest
from core.training.reward import RewardModels
from core.training.scratch.tokenizer import train_tokenizer
from core.training.scratch.writing import write_model
from tests.core.training.scratch.models import small_decoder
from tests.tiny import WORDS

Train = Callable[..., Result]


def test_a_reward_model_is_fitted_and_fresh_answers_are_moved_by_it(rewarded: Path, train: Train):
    told = train("reward", "--data", "reward.jsonl", "--on-base")
    assert told.exit_code == 0, told.output
    newest = RewardModels(rewarded / "data" / "rewards").newest()
    assert newest is not None
    assert newest[1].metrics["auroc"] > 0.9
    assert "auroc" in told.output
    assert "1 line could not be read" in told.output
    options = ["--online", "--steps", "3", "--rows", "16", "--rate", "5e-3", "--max-new-tokens", "8"]
    told = train("ppo", "--data", "reward.jsonl", "--out", "lora", *options)
    assert told.exit_code == 0, told.output
    manifest = read_manifest(rewarded / "lora")
    assert manifest.method == "ppo-online"
    assert manifest.metrics["steps"] == 3
    assert (rewarded / "lora" / "practice.png").stat().st_size > 1000
    assert (rewarded / "data" / "loras" / "v1" / "adapter_model.safetensors").is_file()


def test_stored_thumbs_are_learned_from_and_an_ended_run_is_gone_on_with(rewarded: Path, train: Train):
    options = ["--steps", "4", "--rows", "16", "--rate", "5e-3", "--checkpoints", "saved"]
    told = train("ppo", "--data", "reward.jsonl", "--out", "lora", *options, "--max-hours", "0")
    assert told.exit_code == 0, told.output
    assert "saved in saved" in told.output
    assert not (rewarded / "lora").exists()
    told = train("ppo", "--data", "reward.jsonl", "--out", "lora", *options)
    assert told.exit_code == 0, told.output
    assert read_manifest(rewarded / "lora").metrics["steps"] == 4
    told = train("ppo", "--data", "reward.jsonl", "--out", "lora", *options, "--seed", "9")
    assert told.exit_code == 1
    assert "other settings" in told.output


def test_what_is_missing_is_said(rewarded: Path, train: Train):
    told = train("ppo", "--data", "reward.jsonl", "--out", "lora", "--online")
    assert told.exit_code == 1
    assert "aion train reward" in told.output
    liked = [line for line in (rewarded / "reward.jsonl").read_text().splitlines()[:40] if '"reward": 1' in line]
    (rewarded / "liked.jsonl").write_text("\n".join(liked) + "\n")
    told = train("ppo", "--data", "liked.jsonl", "--out", "lora")
    assert told.exit_code == 1
    assert "nothing to prefer" in told.output


@pytest.mark.slow
def test_a_model_trained_from_scratch_is_taught_like_any_other(rewarded: Path, train: Train):
    tokenizer = train_tokenizer([" ".join(WORDS)] * 9, 300, 128)
    write_model(small_decoder(len(tokenizer), 128, spread=0.3), tokenizer, rewarded / "own", {})
    told = train("reward", "--data", "reward.jsonl", "--on-base", "--base", "own")
    assert told.exit_code == 0, told.output
    options = ["--base", "own", "--online", "--steps", "2", "--rows", "8", "--rate", "1e-4", "--max-new-tokens", "8"]
    told = train("ppo", "--data", "reward.jsonl", "--out", "lora", *options)
    assert told.exit_code == 0, told.output
    assert read_manifest(rewarded / "lora").metrics["steps"] == 2
