"""Training from scratch on a small grammar: what it learns, and what stops or interrupts it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import BadInput, Unavailable
from core.nn.decoder import Decoder
from core.training.batching import TrainingBatch
from core.training.checkpoint import Checkpoints, TimeBox
from core.training.schedule import learning_rate
from core.training.scratch.corpus import TokenCorpus
from core.training.scratch.pretraining import Milestone, Pretrained, PretrainingRecipe, pretrain
from core.training.trainer import Recipe, TrainingRun, Update, schedule_for
from tests.core.training.scratch.models import small_decoder

QUICK = PretrainingRecipe(
    Recipe(max_rate=1e-2, batch=TrainingBatch(4), max_steps=12, max_length=16, save_every=5, weight_decay=0.1),
    milestone_every=5,
)


@pytest.fixture(autouse=True)
def on_one_thread() -> Any:
    n = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n)


@pytest.fixture
def make(corpus: TokenCorpus) -> Callable[[], Decoder]:
    return lambda: small_decoder(len(corpus.tokenizer), 16)


Make = Callable[[], Decoder]


def weights(trained: Pretrained) -> list[torch.Tensor]:
    return [each.detach() for each in trained.model.state_dict().values()]


def same(a: Pretrained, b: Pretrained) -> bool:
    return all(torch.equal(x, y) for x, y in zip(weights(a), weights(b), strict=True))


def test_it_learns_the_grammar(make: Make, corpus: TokenCorpus, tmp_path: Path) -> None:
    updates: list[Update] = []
    reached: list[Milestone] = []
    recipe = replace(QUICK, recipe=replace(QUICK.recipe, max_steps=120, batch=TrainingBatch(8)), milestone_every=60)
    told = pretrain(make, corpus, recipe, TrainingRun(tmp_path, tell=updates.append), lambda m, _: reached.append(m))
    assert told.is_complete and told.n_tokens == 120 * 8 * 16
    assert told.nats < 0.45 * math.log(len(corpus.tokenizer))
    assert [each.step for each in reached] == [60, 120] and reached[1].bits_per_byte < reached[0].bits_per_byte
    assert all(1 <= each.largest_load <= 4 for each in reached)
    rates = schedule_for(recipe.recipe, 120)
    assert [each.rate for each in updates] == [learning_rate(step, rates) for step in range(1, 121)]
    assert tuple(updates) == told.updates


def test_a_killed_run_ends_in_the_same_weights_bit_for_bit(make: Make, corpus: TokenCorpus, tmp_path: Path) -> None:
    whole = pretrain(make, corpus, QUICK, TrainingRun(tmp_path))

    class Killed(Exception):
        pass

    def kill(update: Update) -> None:
        if update.step == 8:
            raise Killed

    saved = Checkpoints(tmp_path / "saved", "this run")
    with pytest.raises(Killed):
        pretrain(make, corpus, QUICK, TrainingRun(tmp_path, saved, tell=kill))
    latest = saved.latest()
    assert latest and latest.step == 5
    torch.manual_seed(99)  # whatever another process's chance is
    resumed = pretrain(make, corpus, QUICK, TrainingRun(tmp_path, saved))
    assert same(resumed, whole)
    assert (resumed.updates, resumed.milestones, resumed.nats) == (whole.updates, whole.milestones, whole.nats)


def test_a_run_out_of_time_is_saved_and_goes_on(make: Make, corpus: TokenCorpus, tmp_path: Path) -> None:
    ticks = iter(range(1000))
    saved = Checkpoints(tmp_path / "saved", "this run")
    box = TimeBox(8 / 3600, clock=lambda: float(next(ticks)))
    cut = pretrain(make, corpus, QUICK, TrainingRun(tmp_path, saved, box))
    latest = saved.latest()
    assert latest and 0 < latest.step < 12 and not cut.is_complete and math.isnan(cut.nats)
    resumed = pretrain(make, corpus, QUICK, TrainingRun(tmp_path, saved))
    assert resumed.is_complete and same(resumed, pretrain(make, corpus, QUICK, TrainingRun(tmp_path)))


def test_accumulated_gradients_are_those_of_the_whole_batch(make: Make, corpus: TokenCorpus, tmp_path: Path) -> None:
    recipe = replace(QUICK, balancing="none", recipe=replace(QUICK.recipe, max_steps=3))
    parts = replace(recipe, recipe=replace(recipe.recipe, batch=TrainingBatch(1, 4)))
    whole, divided = (pretrain(make, corpus, each, TrainingRun(tmp_path)) for each in (recipe, parts))
    for a, b in zip(whole.updates, divided.updates, strict=True):
        assert a.loss == pytest.approx(b.loss, rel=1e-4)


def test_memory_that_runs_out_halves_the_batch(
    make: Make, corpus: TokenCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = Decoder.forward

    def small(self: Decoder, input_ids: torch.Tensor, **rest: Any) -> Any:
        if self.training and len(input_ids) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, input_ids, **rest)

    monkeypatch.setattr(Decoder, "forward", small)
    batches: list[TrainingBatch] = []
    told = pretrain(make, corpus, QUICK, TrainingRun(tmp_path, tell_batch=batches.append))
    assert batches == [TrainingBatch(2, 2)]
    assert told.n_tokens == 12 * 4 * 16


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_checkpoint(
    make: Make, corpus: TokenCorpus, tmp_path: Path
) -> None:
    saved = Checkpoints(tmp_path / "saved", "this run")

    def spoil(milestone: Milestone, model: Decoder) -> None:
        if milestone.step == 10:
            with torch.no_grad():
                model.model.norm.weight.fill_(math.inf)

    recipe = replace(QUICK, recipe=replace(QUICK.recipe, save_every=4))
    with pytest.raises(Unavailable) as stopped:
        pretrain(make, corpus, recipe, TrainingRun(tmp_path, saved), spoil)
    assert stopped.value.key == "scratch.no_number"
    assert stopped.value.values == {"step": 11, "saved": 8}
    latest = saved.latest()
    assert latest and latest.step == 8
    state = torch.load(latest.path / "state.pt", weights_only=True)
    assert all(each.isfinite().all() for each in state["model"].values())


def test_another_runs_checkpoints_are_refused(make: Make, corpus: TokenCorpus, tmp_path: Path) -> None:
    pretrain(make, corpus, QUICK, TrainingRun(tmp_path, Checkpoints(tmp_path / "saved", "one")))
    with pytest.raises(BadInput, match="other_run"):
        pretrain(make, corpus, QUICK, TrainingRun(tmp_path, Checkpoints(tmp_path / "saved", "another")))


@pytest.mark.parametrize("balancing", ["loss", "bias"])
def test_experts_stay_balanced_where_they_are_balanced(corpus: TokenCorpus, tmp_path: Path, balancing: Any) -> None:
    """A router that begins by sending everything to two experts: without balancing it goes on doing so."""

    def lopsided() -> Decoder:
        model = small_decoder(len(corpus.tokenizer), 16)
        model.config.balance_weight = 0.1
        with torch.no_grad():
            for layer in model.model.layers:
                router: Any = layer.mlp
                router.gate.bias.copy_(torch.tensor([0.05, 0.05, 0, 0]))
        return model

    recipe = replace(QUICK, recipe=replace(QUICK.recipe, max_steps=60), milestone_every=10, bias_rate=5e-3)
    kept, left = (
        pretrain(lopsided, corpus, replace(recipe, balancing=each), TrainingRun(tmp_path)).milestones[-1].largest_load
        for each in (balancing, "none")
    )
    assert kept < 1.5 < left


def test_epochs_are_counted_in_tokens(corpus: TokenCorpus) -> None:
    recipe = replace(QUICK, recipe=replace(QUICK.recipe, max_steps=None, n_epochs=2.0, batch=TrainingBatch(2, 3)))
    assert recipe.n_steps(corpus) == math.ceil(2 * len(corpus.train) / (6 * 16))
