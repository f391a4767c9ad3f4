"""``aion train scratch`` as the terminal runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from tests.corpora import write_corpus
from tests.tiny import write_tiny_model

Train = Callable[..., Result]

QUICK = ("scratch", "--text", "text", "--out", "model", "--batch", "1", "--max-steps", "2", "--milestones", "1")


def test_text_becomes_a_model_that_is_shown_as_it_learns(place: Path, train: Train) -> None:
    write_corpus(place / "text")
    left = train(*QUICK, "--checkpoints", "saved", "--max-hours", "0")
    assert left.exit_code == 0, left.output
    assert "saved in saved" in left.output and not (place / "model").exists()
    done = train(*QUICK, "--checkpoints", "saved")
    assert done.exit_code == 0, done.output
    assert "step 1:" in done.output and "bits a byte" in done.output
    assert "AION_LOCAL_MODEL=model" in done.output
    kept = {path.name for path in (place / "model").iterdir()}
    assert kept >= {"config.json", "model.safetensors", "tokenizer.json", "model.gguf", "loss.png", "expert_load.png"}
    facts = json.loads((place / "model" / "aion-scratch.json").read_text())
    assert facts["metrics"]["tokens"] == 2 * 512
    other = train(*QUICK, "--checkpoints", "saved", "--rate", "1e-4")
    assert other.exit_code == 1
    assert "other settings" in other.output


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "There is no text"), ("ten bytes.", "too little text")],
)
def test_a_folder_without_enough_text_is_refused(place: Path, train: Train, content: str | None, sentence: str) -> None:
    (place / "text").mkdir()
    if content:
        (place / "text" / "a.txt").write_text(content)
    told = train(*QUICK)
    assert told.exit_code == 1
    assert sentence in told.output


def test_a_tokenizer_may_be_borrowed(place: Path, train: Train) -> None:
    write_corpus(place / "text")
    write_tiny_model(place / "lender")
    done = train(*QUICK, "--tokenizer", "lender")
    assert done.exit_code == 0, done.output
    lent, kept = (json.loads((place / name / "tokenizer.json").read_text())["model"] for name in ("lender", "model"))
    assert kept["vocab"] == lent["vocab"]
    assert not (place / "model" / "model.gguf").exists()  # llama.cpp has no name for the lender's tokenizer
    told = train(*QUICK, "--tokenizer", "text")
    assert told.exit_code == 1
    assert "no tokenizer to borrow" in told.output
