"""``aion train reward`` and ``ppo`` as the terminal runs them, on a model of a few thousand weights."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from core.models.lora import read_manifest
from core.training.reward import RewardModels
from tests.tiny import WORDS, write_tiny_model

LIKED, DISLIKED = WORDS[:6], WORDS[6:]


def lines(n: int, seed: int) -> str:
    """Return reward lines of people who like Portuguese."""
    chance = random.Random(seed)
    told = []
    for _ in range(n):
        is_liked = chance.random() < 0.5
        response = " ".join(chance.choices(LIKED if is_liked else DISLIKED, k=5))
        prompt = [{"role": "user", "content": chance.choice(WORDS)}]
        told.append(json.dumps({"prompt": prompt, "response": response, "reward": 1.0 if is_liked else -1.0}))
    return "\n".join(told) + "\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("AION_BASE_MODEL", write_tiny_model(tmp_path / "tiny"))
    monkeypatch.setenv("AION_LANGUAGE", "en")
    (tmp_path / "reward.jsonl").write_text(lines(80, 1) + "{broken\n")
    (tmp_path / "reward.held.jsonl").write_text(lines(40, 2))
    return tmp_path


def aion(*words: str) -> Result:
    return CliRunner().invoke(app, ["train", *words])


def test_a_reward_model_is_fitted_and_fresh_answers_are_moved_by_it(place: Path):
    told = aion("reward", "--data", "reward.jsonl", "--on-base")
    assert told.exit_code == 0, told.output
    newest = RewardModels(place / "data" / "rewards").newest()
    assert newest is not None
    assert newest[1].metrics["auroc"] > 0.9
    assert "auroc" in told.output
    assert "1 lines could not be read" in told.output
    options = ["--online", "--steps", "3", "--rows", "16", "--rate", "5e-3", "--max-new-tokens", "8"]
    told = aion("ppo", "--data", "reward.jsonl", "--out", "lora", *options)
    assert told.exit_code == 0, told.output
    manifest = read_manifest(place / "lora")
    assert manifest.method == "ppo-online"
    assert manifest.metrics["steps"] == 3
    assert (place / "lora" / "practice.png").stat().st_size > 1000
    assert (place / "data" / "loras" / "v1" / "adapter_model.safetensors").is_file()


def test_stored_thumbs_are_learned_from_and_an_ended_run_is_gone_on_with(place: Path):
    options = ["--steps", "4", "--rows", "16", "--rate", "5e-3", "--checkpoints", "saved"]
    told = aion("ppo", "--data", "reward.jsonl", "--out", "lora", *options, "--max-hours", "0")
    assert told.exit_code == 0, told.output
    assert "saved in saved" in told.output
    assert not (place / "lora").exists()
    told = aion("ppo", "--data", "reward.jsonl", "--out", "lora", *options)
    assert told.exit_code == 0, told.output
    assert read_manifest(place / "lora").metrics["steps"] == 4
    told = aion("ppo", "--data", "reward.jsonl", "--out", "lora", *options, "--seed", "9")
    assert told.exit_code == 1
    assert "other settings" in told.output


def test_what_is_missing_is_said(place: Path):
    told = aion("ppo", "--data", "reward.jsonl", "--out", "lora", "--online")
    assert told.exit_code == 1
    assert "aion train reward" in told.output
    (place / "liked.jsonl").write_text(
        "".join(line + "\n" for line in lines(40, 1).splitlines() if '"reward": 1' in line)
    )
    told = aion("ppo", "--data", "liked.jsonl", "--out", "lora")
    assert told.exit_code == 1
    assert "nothing to prefer" in told.output
    told = aion("reward", "--data", "liked.jsonl", "--on-base")
    assert told.exit_code == 1
    assert "at least 10" in told.output
    told = aion("reward", "--data", "nowhere.jsonl")
    assert told.exit_code == 1
