"""Training of a decoder from its first weights on a corpus (specification 1.5, 1.6).

Sequences are packed: cut out of the text one after the other, without padding. AdamW with β = (0.9, 0.95), warm-up and
cosine decay, gradients clipped by norm, bfloat16 on a GPU. A killed run goes on from its last checkpoint; on a CPU with
as many threads it ends in the same weights, bit for bit. Imports torch and TRL: import it late.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from core.errors import Unavailable
from core.nn.decoder import Decoder
from core.nn.moe import Routing
from core.training.batching import BatchFinder, TrainingBatch
from core.training.losses import cross_entropy
from core.training.schedule import Schedule, learning_rate
from core.training.scratch.corpus import TokenCorpus
from core.training.scratch.held_out import bits_per_byte, held_out_nats
from core.training.trainer import ADAM_BETAS, Recipe, TrainingRun, Update, schedule_for

_STATE = "state.pt"

Balancing = Literal["loss", "bias", "none"]


@dataclass(frozen=True, slots=True)
class PretrainingRecipe:
    """Hyperparameters beyond a ``Recipe``, of which ``max_length`` is the context and ``n_epochs`` counts the text.

    ``balancing`` of the experts: by the balance loss, by ``bias_rate`` a step of each router's bias, or not at all.
    ``clip``: greatest norm of the gradients. A milestone is every ``milestone_every`` steps, and the last.
    """

    recipe: Recipe
    balancing: Balancing = "loss"
    bias_rate: float = 1e-3
    clip: float = 1.0
    milestone_every: int = 200

    def n_steps(self, corpus: TokenCorpus) -> int:
        """Return the number of updates."""
        if self.recipe.max_steps:
            return self.recipe.max_steps
        batch = self.recipe.batch
        per_step = batch.rows * batch.n_accumulated * self.recipe.max_length
        return max(1, math.ceil(self.recipe.n_epochs * len(corpus.train) / per_step))


@dataclass(frozen=True, slots=True)
class Milestone:
    """Held-out bits per byte after ``step`` updates (of the first windows, but for the last milestone: of all).

    ``largest_load`` of an expert in a layer, as a multiple of the mean, over the updates since the milestone before.
    """

    step: int
    bits_per_byte: float
    largest_load: float


@dataclass(frozen=True, slots=True)
class Pretrained:
    """A trained decoder and how it came about; ``nats`` a token held out. Not complete when time ran out."""

    model: Decoder
    updates: tuple[Update, ...]
    milestones: tuple[Milestone, ...]
    n_tokens: int
    nats: float
    is_complete: bool


@dataclass(slots=True)
class _Progress:
    """What a checkpoint holds beside weights and optimizer."""

    step: int = 0
    updates: list[Update] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)


def pretrain(
    make: Callable[[], Decoder],
    corpus: TokenCorpus,
    recipe: PretrainingRecipe,
    run: TrainingRun,
    tell: Callable[[Milestone, Decoder], None] = lambda milestone, model: None,
) -> Pretrained:
    """Train the decoder that ``make`` returns, the same at each call. Blocks. ``tell`` hears of each milestone.

    Raises ``Unavailable`` when the smallest batch does not fit, a checkpoint cannot be written, or a loss or gradient
    is no number: then the last checkpoint is of the steps before.
    """

    def attempt(batch: TrainingBatch) -> Pretrained:
        return _Pretrainer(make(), corpus, recipe, run, batch, tell).run()

    return BatchFinder(recipe.recipe.batch, run.tell_batch).run(attempt)


class _Pretrainer:
    """One attempt with one batch size, from the last checkpoint on."""

    def __init__(
        self,
        model: Decoder,
        corpus: TokenCorpus,
        recipe: PretrainingRecipe,
        run: TrainingRun,
        batch: TrainingBatch,
        tell: Callable[[Milestone, Decoder], None],
    ) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        placed: Any = model  # transformers wraps ``to`` in a type of its own
        self._model: Decoder = placed.to(self._device).train()
        self._corpus, self._recipe, self._run, self._batch, self._tell = corpus, recipe, run, batch, tell
        self._n_steps = recipe.n_steps(corpus)
        self._schedule: Schedule = schedule_for(recipe.recipe, self._n_steps)
        self._optimizer = _optimizer(model, recipe.recipe.weight_decay)
        self._progress = _Progress()
        self._loads = torch.zeros(0)

    def run(self) -> Pretrained:
        self._resume()
        progress, saves = self._progress, self._run.checkpoints
        while progress.step < self._n_steps and not self._run.time.is_over:
            self._update()
            if progress.step % self._recipe.milestone_every == 0 and progress.step < self._n_steps:
                self._reach_milestone()
            if saves and progress.step % self._recipe.recipe.save_every == 0:
                saves.save(progress.step, self._write)
        is_complete = progress.step >= self._n_steps
        nats = self._finish() if is_complete else math.nan
        if saves and progress.step % self._recipe.recipe.save_every:
            saves.save(progress.step, self._write)
        n_tokens = progress.step * self._n_rows * self._recipe.recipe.max_length
        return Pretrained(self._model, tuple(progress.updates), tuple(progress.milestones), n_tokens, nats, is_complete)

    @property
    def _n_rows(self) -> int:
        """Rows of an update as the recipe states them, however they are divided to fit the memory."""
        return self._recipe.recipe.batch.rows * self._recipe.recipe.batch.n_accumulated

    def _update(self) -> None:
        """Make one update of the weights."""
        recipe, step = self._recipe.recipe, self._progress.step + 1
        rows = self._corpus.windows((step - 1) * self._n_rows, self._n_rows, recipe.max_length, recipe.seed)
        ids = torch.from_numpy(rows).to(self._device)
        rate = learning_rate(step, self._schedule)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.zero_grad()
        loss, routings = 0.0, []
        for part in torch.split(ids, self._batch.rows):
            share = len(part) / len(ids)
            told, found = self._loss(part)
            torch.autograd.backward(told * share)
            loss += told.item() * share
            routings += [found]
        norm = clip_grad_norm_(self._model.parameters(), self._recipe.clip).item()
        if not math.isfinite(loss) or not math.isfinite(norm):
            raise Unavailable("scratch.no_number", step=step, saved=self._last_saved())
        self._optimizer.step()
        self._balance(routings)
        self._progress.step = step
        update = Update(step, self._n_steps, loss, rate)
        self._progress.updates.append(update)
        self._run.tell(update)

    def _loss(self, ids: Tensor) -> tuple[Tensor, Sequence[Routing]]:
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
            output = self._model(ids[:, :-1], use_cache=False)
        targets = ids[:, 1:]
        everywhere = torch.ones_like(targets, dtype=torch.bool)
        loss = cross_entropy(output.logits, targets, everywhere, self._recipe.recipe.smoothing)
        if self._recipe.balancing == "loss":
            loss = loss + self._model.router_loss(output.routings)
        return loss, output.routings

    def _balance(self, parts: Sequence[Sequence[Routing]]) -> None:
        """Count each expert's load, and move the routers' biases where they are what balances."""
        if not parts[0]:
            return
        counts = torch.stack([torch.stack([routing.counts for routing in part]) for part in parts]).sum(0).cpu()
        self._loads = counts if not len(self._loads) else self._loads + counts
        if self._recipe.balancing == "bias":
            self._model.balance(counts.to(self._device), self._recipe.bias_rate)

    def _reach_milestone(self, nats: float | None = None) -> None:
        if nats is None:
            nats = held_out_nats(self._model, self._corpus.held, self._recipe.recipe.max_length, n_windows=16)
        loads = self._loads.double()
        largest = (loads.amax(-1) / loads.mean(-1)).max().item() if len(loads) else 1.0
        milestone = Milestone(self._progress.step, bits_per_byte(nats, self._corpus), largest)
        self._loads = torch.zeros(0)
        self._progress.milestones.append(milestone)
        self._tell(milestone, self._model)

    def _finish(self) -> float:
        """Return the loss on everything held out, in nats a token; the last milestone unless it was reached before."""
        nats = held_out_nats(self._model, self._corpus.held, self._recipe.recipe.max_length)
        if not self._progress.milestones or self._progress.milestones[-1].step < self._n_steps:
            self._reach_milestone(nats)
        return nats

    def _resume(self) -> None:
        latest = self._run.checkpoints.latest() if self._run.checkpoints else None
        if latest is None:
            return
        state: Any = torch.load(latest.path / _STATE, map_location=self._device, weights_only=True)
        self._model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._loads = state["loads"].cpu()
        torch.set_rng_state(state["chance"].cpu())
        self._progress = _Progress(
            latest.step,
            [Update(**each) for each in state["updates"]],
            [Milestone(**each) for each in state["milestones"]],
        )

    def _write(self, folder: Path) -> None:
        state = {
            "model": self._model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "loads": self._loads,
            "chance": torch.get_rng_state(),
            "updates": [asdict(each) for each in self._progress.updates],
            "milestones": [asdict(each) for each in self._progress.milestones],
        }
        torch.save(state, folder / _STATE)

    def _last_saved(self) -> int:
        latest = self._run.checkpoints.latest() if self._run.checkpoints else None
        return latest.step if latest else 0


def _optimizer(model: Decoder, weight_decay: float) -> torch.optim.AdamW:
    """Return AdamW; matrices decay, the norms' scales do not."""
    matrices = [weights for weights in model.parameters() if weights.ndim > 1]
    scales = [weights for weights in model.parameters() if weights.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": scales, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=ADAM_BETAS, fused=True)
