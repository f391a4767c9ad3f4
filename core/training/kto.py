"""KTO training of LoRA weights on single thumbs, with TRL's KTOTrainer (Ethayarajh et al. 2024, arXiv 2402.01306).

👍 and 👎 are weighted inversely to their counts (the paper's equation 8 with a ratio of 1). Imports torch and TRL:
import it late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from datasets import Dataset
from trl import KTOConfig, KTOTrainer

from core.errors import BadInput
from core.training.batching import TrainingBatch
from core.training.likelihood import PromptedReply, likelihoods
from core.training.rows import turns_of
from core.training.student import Student
from core.training.trainer import Recipe, TrainingResult, TrainingRun, fit, scheduled

BETA = 0.1
"""Strength of the KL penalty towards the initial weights."""

MIN_ROWS = 2
"""Least rows of a batch: the KL term is estimated from a row's neighbours."""


@dataclass(frozen=True, slots=True)
class ThumbedReply:
    """A reply with the label of its ratings."""

    asked: PromptedReply
    is_liked: bool


@dataclass(frozen=True, slots=True)
class KtoWeights:
    """Loss weights of liked and disliked replies, at least 1, and the counts that they balance."""

    desirable: float
    undesirable: float
    n_up: int
    n_down: int


def read_thumbs(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[ThumbedReply, ...], int]:
    """Return the labelled replies in rows of a KTO file, and how many were dropped as both liked and disliked."""
    labels: defaultdict[PromptedReply, set[bool]] = defaultdict(set)
    for row in rows:
        (reply,) = turns_of(row["completion"])
        labels[PromptedReply(turns_of(row["prompt"]), reply.content)].add(bool(row["label"]))
    thumbs = tuple(ThumbedReply(asked, said.copy().pop()) for asked, said in labels.items() if len(said) == 1)
    return thumbs, len(labels) - len(thumbs)


def balance(thumbs: Sequence[ThumbedReply]) -> KtoWeights:
    """Return weights that make both labels count the same in total. Raises ``BadInput`` when one label is missing."""
    n_up = sum(each.is_liked for each in thumbs)
    n_down = len(thumbs) - n_up
    if not n_up or not n_down:
        raise BadInput("learn.only_liked" if n_up else "learn.only_disliked" if n_down else "learn.contradictory")
    return KtoWeights(max(1.0, n_down / n_up), max(1.0, n_up / n_down), n_up, n_down)


def kto(
    student: Student, thumbs: Sequence[ThumbedReply], held: Sequence[ThumbedReply], recipe: Recipe, run: TrainingRun
) -> TrainingResult:
    """Train on ``thumbs``, and measure how the log-probabilities of ``held`` changed. Blocks.

    Metrics: ``accuracy``, the share of held-out replies whose log-probability changed in the direction of their label,
    and ``margin``, the mean of that change in nats a token. Raises ``BadInput`` when one label is missing, and as
    ``core.training.trainer.fit`` does.
    """
    weights = balance(thumbs)
    rows = [_row(student, thumb) for thumb in thumbs]
    batch = recipe.batch if recipe.batch.rows >= MIN_ROWS else TrainingBatch(MIN_ROWS, recipe.batch.n_accumulated)

    def make(arguments: Mapping[str, Any], batch: TrainingBatch) -> Any:
        config = KTOConfig(
            **arguments,
            beta=BETA,
            desirable_weight=weights.desirable,
            undesirable_weight=weights.undesirable,
            remove_unused_columns=False,
        )
        return scheduled(KTOTrainer, recipe)(
            model=student.model, args=config, train_dataset=Dataset.from_list(rows), processing_class=student.tokenizer
        )

    before = likelihoods(student, [thumb.asked for thumb in held], recipe.max_length)
    trained = fit(student, replace(recipe, batch=batch), run, make, min_rows=MIN_ROWS)
    after = likelihoods(student, [thumb.asked for thumb in held], recipe.max_length)
    if not held:
        return trained
    moved = [
        (1 if thumb.is_liked else -1) * (now.per_token - then.per_token)
        for thumb, then, now in zip(held, before, after, strict=True)
    ]
    measured = {"accuracy": sum(gain > 0 for gain in moved) / len(moved), "margin": sum(moved) / len(moved)}
    return replace(trained, metrics={**trained.metrics, **measured})


def _row(student: Student, thumb: ThumbedReply) -> dict[str, Any]:
    prompt = [
        {"role": turn.role, "content": student.escape_special_tokens(turn.content)} for turn in thumb.asked.prompt
    ]
    reply = [{"role": "assistant", "content": student.escape_special_tokens(thumb.asked.reply)}]
    return {"prompt": prompt, "completion": reply, "label": thumb.is_liked}
