"""A folder in which ``aion train`` runs on a model of a few thousand weights."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from tests.tiny import WORDS, write_tiny_model

LIKED, DISLIKED = WORDS[:6], WORDS[6:]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("AION_BASE_MODEL", write_tiny_model(tmp_path / "tiny"))
    monkeypatch.setenv("AION_LANGUAGE", "en")
    return tmp_path


@pytest.fixture
def train() -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(app, ["train", *words])


@pytest.fixture
def rewarded(place: Path) -> Path:
    """The same folder with ``reward.jsonl`` and ``reward.held.jsonl`` of people who like Portuguese."""
    (place / "reward.jsonl").write_text(lines(80, 1) + "{broken\n")
    (place / "reward.held.jsonl").write_text(lines(40, 2))
    return place


def lines(n: int, seed: int) -> str:
    chance = random.Random(seed)
    told = []
    for _ in range(n):
        is_liked = chance.random() < 0.5
        response = " ".join(chance.choices(LIKED if is_liked else DISLIKED, k=5))
        prompt = [{"role": "user", "content": chance.choice(WORDS)}]
        told.append(json.dumps({"prompt": prompt, "response": response, "reward": 1.0 if is_liked else -1.0}))
    return "\n".join(told) + "\n"
