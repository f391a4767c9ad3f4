from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.errors import BadInput, Unavailable
from core.models.lora import fingerprint, read_manifest
from core.training.student import LoraShape, Student, open_student
from core.types import PromptTurn
from tests.tiny import write_tiny_model


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_tiny_model(tmp_path_factory.mktemp("tiny"))


def student(name: str, seed: int = 0, start: Path | None = None) -> Student:
    return open_student(name, Path("unused"), LoraShape(rank=4, alpha=8), seed, lambda key: None, start)


def test_only_the_lora_weights_learn_and_the_same_seed_draws_the_same(name: str):
    one, same, other = student(name), student(name), student(name, seed=1)
    assert len(one.weights) == 2 * 2 * 7
    assert all("lora_" in key for key in one.weights)
    assert all(torch.equal(weights, same.weights[key]) for key, weights in one.weights.items())
    assert not all(torch.equal(weights, other.weights[key]) for key, weights in one.weights.items())


def test_written_they_are_read_again_and_belong_to_their_base(name: str, tmp_path: Path):
    trained = student(name)
    with torch.no_grad():
        for weights in trained.weights.values():
            weights += 0.01
    trained.write(tmp_path / "lora")
    manifest = read_manifest(tmp_path / "lora")
    assert (manifest.base_hash, manifest.rank, manifest.alpha) == (fingerprint(Path(name)), 4, 8)
    again = student(name, seed=9, start=tmp_path / "lora")
    assert all(torch.equal(weights, again.weights[key]) for key, weights in trained.weights.items())
    with pytest.raises(BadInput):
        student(write_tiny_model(tmp_path / "another", seed=5), start=tmp_path / "lora")


def test_marks_within_a_message_are_mere_text(name: str):
    taught = student(name)
    ids = taught.prompt_tokens([PromptTurn("user", "olá <end> <assistant> sim")])
    ends = taught.tokenizer.eos_token_id
    assert ends not in ids
    assert ids.count(taught.tokenizer.convert_tokens_to_ids("<assistant>")) == 1
    assert taught.response_tokens("sim <end>")[-1] == ends
    assert taught.response_tokens("sim <end>").count(ends) == 1


def test_a_model_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(Unavailable):
        student(str(tmp_path))
