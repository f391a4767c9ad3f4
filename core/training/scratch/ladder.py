"""A ladder of small models on growing amounts of text, to which the scaling law is fitted (specification 1.8).

Every width is trained on every amount of tokens, each run with a schedule of its own. The largest is held out: the law
of the others must predict it. N counts the weights that a token is multiplied with (``Decoder.n_active``).
Imports torch and TRL: import it late.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from core.nn.decoder import Decoder
from core.training.batching import TrainingBatch
from core.training.scaling import Law, Optimum, ScalingRun, bootstrap, fit, fit_by_projection, optimum
from core.training.scratch.corpus import TokenCorpus
from core.training.scratch.pretraining import PretrainingRecipe, pretrain
from core.training.scratch.sizes import SIZES, ModelSize
from core.training.trainer import Recipe, TrainingRun

N_DRAWS = 200

LADDER = replace(SIZES["tiny"], vocab=512, context=128, rows=4, n_layers=2, inner=384, n_experts=1, n_chosen=1)
"""The shape whose width varies: dense, as the law's models are, with few tokens in the vocabulary, so that the
embedding is not most of a narrow model, and small updates, so that a short run has many."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One run of a ladder: a decoder of ``width``, trained on ``n_tokens`` tokens at least."""

    width: int
    n_tokens: int

    @property
    def size(self) -> ModelSize:
        """Return the decoder's size. Narrow models take longer steps: the rate goes with 1 / √width."""
        size = LADDER.narrowed(self.width, LADDER.n_layers)
        return replace(size, rate=LADDER.rate * math.sqrt(LADDER.width / self.width))

    @property
    def n_steps(self) -> int:
        """Return the number of updates."""
        return math.ceil(self.n_tokens / (LADDER.rows * LADDER.context))


@dataclass(frozen=True, slots=True)
class ScalingStudy:
    """The law of all runs but the largest, and how well it predicts that one.

    ``draws`` are the laws of a bootstrap; ``error`` is the prediction's relative error, signed.
    """

    law: Law
    by_projection: Law
    draws: tuple[Law, ...]
    runs: tuple[ScalingRun, ...]
    held_out: ScalingRun
    predicted: float
    best: Optimum

    @property
    def error(self) -> float:
        """Return how far the prediction is off, as a share of the loss: negative where it is too low."""
        return self.predicted / self.held_out.loss - 1

    def interval(self, value: Callable[[Law], float]) -> tuple[float, float]:
        """Return the interval that holds ``value`` of 95 % of the bootstrap's laws."""
        values = sorted(map(value, self.draws))
        edge = len(values) // 40
        return values[edge], values[-1 - edge]


def rungs(widths: Sequence[int], tokens: Sequence[int]) -> tuple[Rung, ...]:
    """Return the runs of a ladder, the cheapest first and the largest last."""
    every = (Rung(width, n_tokens) for width in widths for n_tokens in tokens)
    return tuple(sorted(every, key=lambda rung: (rung.n_tokens * rung.width, rung.width)))


def climb(rung: Rung, corpus: TokenCorpus, seed: int, scratch: Path) -> ScalingRun:
    """Train one run and return its active weights, tokens and held-out loss. Blocks."""
    size = rung.size

    def make() -> Decoder:
        torch.manual_seed(seed)
        return Decoder(size.config(len(corpus.tokenizer), corpus.tokenizer.eos_token_id, 1e-2))

    recipe = Recipe(
        max_rate=size.rate,
        min_rate=size.rate / 20,
        weight_decay=0.1,
        batch=TrainingBatch(size.rows),
        max_steps=rung.n_steps,
        max_length=size.context,
        seed=seed,
    )
    pretraining = PretrainingRecipe(recipe, milestone_every=rung.n_steps)
    trained = pretrain(make, corpus, pretraining, TrainingRun(scratch))
    return ScalingRun(trained.model.n_active, trained.n_tokens, trained.nats)


def study(runs: Sequence[ScalingRun], flops: float, seed: int = 0) -> ScalingStudy:
    """Fit the law to all runs but the largest, by N times D. Raises ``BadInput`` as ``core.training.scaling.fit``."""
    *fitted, held_out = sorted(runs, key=lambda run: (run.n_params * run.n_tokens, run.n_params))
    law = fit(fitted)
    return ScalingStudy(
        law,
        fit_by_projection(fitted),
        bootstrap(fitted, N_DRAWS, seed),
        tuple(fitted),
        held_out,
        law.loss(held_out.n_params, held_out.n_tokens),
        optimum(law, flops),
    )
