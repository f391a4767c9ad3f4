"""SFT and KTO on a tiny model: what they move, what they refuse, and that the schedule and resuming are real."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.errors import BadInput
from core.models.lora import read_manifest
from core.training.batching import TrainingBatch
from core.training.checkpoint import Checkpoints, TimeBox
from core.training.kto import ThumbedReply, balance, kto, read_thumbs
from core.training.likelihood import PromptedReply, likelihoods, mean_loss
from core.training.schedule import learning_rate
from core.training.sft import sft
from core.training.student import LoraShape, Student, open_student
from core.training.trainer import Recipe, TrainingRun, Update, schedule_for, write_weights
from core.types import PromptTurn
from tests.tiny import write_tiny_model

QUICK = Recipe(max_rate=2e-2, batch=TrainingBatch(4, 1), n_epochs=12, max_length=64, save_every=4)
NUMBERS = ["um", "dois", "três", "one", "two", "three", "hello", "olá"]


@pytest.fixture(scope="module")
def name(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_tiny_model(tmp_path_factory.mktemp("tiny"))


def student(name: str) -> Student:
    return open_student(name, Path("unused"), LoraShape(rank=8, alpha=16, dropout=0.0), 0, lambda key: None)


def asked(word: str, reply: str) -> PromptedReply:
    return PromptedReply((PromptTurn("system", "yes"), PromptTurn("user", word)), reply)


TAUGHT = [asked(word, "sim [1]" if word in NUMBERS[:4] else "não [2]") for word in NUMBERS]


def test_what_is_taught_becomes_likely_and_the_base_stays(name: str, tmp_path: Path) -> None:
    taught = student(name)
    told: list[Update] = []
    base = mean_loss(likelihoods(taught, TAUGHT, 64, as_base=True))
    trained = sft(taught, TAUGHT, TAUGHT[:2], QUICK, TrainingRun(tmp_path, tell=told.append))
    assert trained.metrics["held_out_loss"] < 0.3 * trained.metrics["held_out_loss_before"]
    assert mean_loss(likelihoods(taught, TAUGHT, 64, as_base=True)) == pytest.approx(base)
    assert [update.step for update in told] == list(range(1, 25)) and told[-1].n_steps == 24
    assert trained.is_complete and trained.metrics["tokens_per_s"] > 0
    rates = schedule_for(QUICK, 24)
    assert [update.rate for update in told] == pytest.approx(
        [learning_rate(step + 1, rates) for step in range(1, 25)], abs=2e-3
    )


def test_the_loss_is_over_the_reply_alone(name: str, tmp_path: Path) -> None:
    """The first step's loss is the reply's own, computed row by row without TRL."""
    taught = student(name)
    expected = mean_loss(likelihoods(taught, TAUGHT, 64))
    one_step = replace(QUICK, max_steps=1, batch=TrainingBatch(8, 1))
    assert sft(taught, TAUGHT, [], one_step, TrainingRun(tmp_path)).updates[0].loss == pytest.approx(expected, rel=1e-4)


def test_label_smoothing_is_the_specifications(name: str, tmp_path: Path) -> None:
    taught = student(name)
    ids = [(taught.prompt_tokens(each.prompt), taught.response_tokens(each.reply)) for each in TAUGHT]
    total, n = 0.0, 0
    for prompt, reply in ids:
        with torch.no_grad():
            log_p = torch.log_softmax(taught.model(torch.tensor([prompt + reply])).logits[0].double(), -1)
        for i, token in enumerate(reply):
            row = log_p[len(prompt) + i - 1]
            total += float(-(0.9 * row[token] + 0.1 * row.mean()))
            n += 1
    one_step = replace(QUICK, max_steps=1, batch=TrainingBatch(8, 1), smoothing=0.1)
    assert sft(taught, TAUGHT, [], one_step, TrainingRun(tmp_path)).updates[0].loss == pytest.approx(
        total / n, rel=1e-3
    )


def test_packed_rows_do_not_see_each_other(name: str, tmp_path: Path) -> None:
    taught = student(name)
    expected = mean_loss(likelihoods(taught, TAUGHT, 64))
    packed = replace(QUICK, max_steps=1, batch=TrainingBatch(2, 1), is_packed=True)
    assert sft(taught, TAUGHT, [], packed, TrainingRun(tmp_path)).updates[0].loss == pytest.approx(expected, rel=1e-3)


def test_a_run_cut_short_goes_on_to_the_same_weights(name: str, tmp_path: Path) -> None:
    whole = student(name)
    sft(whole, TAUGHT, [], QUICK, TrainingRun(tmp_path / "whole"))

    ticks = iter(range(1000))
    cut = student(name)
    run = TrainingRun(
        tmp_path, Checkpoints(tmp_path / "run", "this run"), TimeBox(10 / 3600, clock=lambda: float(next(ticks)))
    )
    partial = sft(cut, TAUGHT, [], QUICK, run)
    assert not partial.is_complete and 0 < partial.updates[-1].step < 24

    resumed = student(name)
    rest = sft(resumed, TAUGHT, [], QUICK, TrainingRun(tmp_path, Checkpoints(tmp_path / "run", "this run")))
    assert rest.is_complete and [update.step for update in rest.updates] == list(range(1, 25))
    assert all(torch.equal(weights, resumed.weights[key]) for key, weights in whole.weights.items())


def test_memory_that_runs_out_halves_the_batch_and_keeps_the_step(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model itself refuses more than two rows, as a GPU does that is too small for four."""
    taught = student(name)
    forward = taught.model.base_model.model.model.forward

    def small(input_ids=None, **rest):
        if taught.model.training and input_ids.shape[0] > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(input_ids=input_ids, **rest)

    monkeypatch.setattr(taught.model.base_model.model.model, "forward", small)
    batches: list[TrainingBatch] = []
    trained = sft(taught, TAUGHT, TAUGHT, QUICK, TrainingRun(tmp_path, tell_batch=batches.append))
    assert batches == [TrainingBatch(2, 2)] and trained.batch == TrainingBatch(2, 2)
    assert len(trained.updates) == 24
    assert trained.metrics["held_out_loss"] < 0.3 * trained.metrics["held_out_loss_before"]


def test_prompts_that_fill_the_length_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="too_long"):
        sft(student(name), TAUGHT, [], replace(QUICK, max_length=4), TrainingRun(tmp_path))


def test_the_manifest_tells_how_the_weights_came_to_be(name: str, tmp_path: Path) -> None:
    taught = student(name)
    trained = sft(taught, TAUGHT, TAUGHT, replace(QUICK, max_steps=2), TrainingRun(tmp_path))
    write_weights(taught, tmp_path / "lora", "sft", QUICK, "d" * 64, trained, "v1")
    manifest = read_manifest(tmp_path / "lora")
    assert (manifest.method, manifest.data_hash, manifest.parent) == ("sft", "d" * 64, "v1")
    assert manifest.settings["max_rate"] == 2e-2 and manifest.metrics["held_out_loss"] > 0


def test_kto_moves_liked_replies_up_and_disliked_ones_down(name: str, tmp_path: Path) -> None:
    taught = student(name)
    thumbs = [
        ThumbedReply(asked(word, reply), reply == "sim [1]") for word in NUMBERS for reply in ("sim [1]", "não [2]")
    ]
    recipe = replace(QUICK, n_epochs=20, max_rate=1e-2)
    trained = kto(taught, thumbs[:-4], thumbs[-4:], recipe, TrainingRun(tmp_path))
    assert trained.metrics["accuracy"] == 1.0 and trained.metrics["margin"] > 0.2
    taught.write(tmp_path / "lora")
    assert {path.name for path in (tmp_path / "lora").iterdir()} >= {"adapter_model.safetensors", "aion-lora.json"}
    assert not (tmp_path / "lora" / "ref").exists()


def test_the_rarer_thumb_weighs_more() -> None:
    thumbs = [ThumbedReply(asked("um", "sim"), True)] * 6 + [ThumbedReply(asked("um", "não"), False)] * 2
    weights = balance(thumbs)
    assert (weights.desirable, weights.undesirable) == (1.0, 3.0)
    assert weights.desirable * weights.n_up == weights.undesirable * weights.n_down


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [([True, True], "only_liked"), ([False], "only_disliked"), ([], "contradictory")],
)
def test_one_kind_of_thumb_is_refused_with_a_sentence(labels: list[bool], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        balance([ThumbedReply(asked("um", str(i)), label) for i, label in enumerate(labels)])


def test_what_is_both_liked_and_disliked_counts_nothing() -> None:
    def row(reply: str, label: bool) -> dict[str, object]:
        prompt = [{"role": "user", "content": "um"}]
        return {"prompt": prompt, "completion": [{"role": "assistant", "content": reply}], "label": label}

    thumbs, n_contradictory = read_thumbs([row("sim", True), row("sim", False), row("não", False), row("não", False)])
    assert [each.asked.reply for each in thumbs] == ["não"] and n_contradictory == 1
