"""Supervised fine-tuning of LoRA weights on liked replies, with TRL's SFTTrainer (specification 4.1).

The loss covers the reply's tokens alone. Imports torch and TRL: import it late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from datasets import Dataset
from trl import SFTConfig, SFTTrainer

from core.errors import BadInput
from core.training.batching import TrainingBatch
from core.training.likelihood import PromptedReply, likelihoods, mean_loss, tokens_of
from core.training.losses import cross_entropy
from core.training.student import Student
from core.training.trainer import Recipe, TrainingResult, TrainingRun, fit, scheduled

IGNORED = -100
"""The label of a token that is left out of the loss."""


def sft(
    student: Student, taught: Sequence[PromptedReply], held: Sequence[PromptedReply], recipe: Recipe, run: TrainingRun
) -> TrainingResult:
    """Train on ``taught``, and measure the loss on ``held`` before and after, in nats a token. Blocks.

    Raises ``BadInput`` when every prompt is longer than ``max_length``, and as ``core.training.trainer.fit`` does.
    """
    rows = [row for asked in taught if (row := _row(student, asked, recipe.max_length)) is not None]
    if not rows:
        raise BadInput("learn.too_long", max_length=recipe.max_length)
    is_packed = torch.cuda.is_available() if recipe.is_packed is None else recipe.is_packed

    trainer = _smoothed(recipe.smoothing) if recipe.smoothing else SFTTrainer

    def make(arguments: Mapping[str, Any], batch: TrainingBatch) -> Any:
        config = SFTConfig(
            **arguments,
            packing=is_packed,
            include_num_input_tokens_seen="all" if is_packed else "non_padding",
        )
        return scheduled(trainer, recipe)(
            model=student.model,
            args=config,
            train_dataset=Dataset.from_list(rows),
            processing_class=student.tokenizer,
        )

    before = mean_loss(likelihoods(student, held, recipe.max_length)) if held else None
    trained = fit(student, recipe, run, make)
    if before is None:
        return trained
    after = mean_loss(likelihoods(student, held, recipe.max_length))
    return replace(trained, metrics={**trained.metrics, "held_out_loss_before": before, "held_out_loss": after})


def _smoothed(smoothing: float) -> Any:
    """Return a subclass of SFTTrainer with label smoothing (specification 1.5), which TRL no longer offers."""

    class Smoothed(SFTTrainer):  # type: ignore[misc]
        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            labels = inputs["labels"]
            outputs = model(**{name: value for name, value in inputs.items() if name != "labels"}, use_cache=False)
            mask = labels[:, 1:] != IGNORED
            n_tokens = mask.sum()
            loss = cross_entropy(outputs.logits[:, :-1].float(), labels[:, 1:].clamp_min(0), mask, smoothing)
            loss = loss * n_tokens / (n_tokens if num_items_in_batch is None else num_items_in_batch)
            return (loss, outputs) if return_outputs else loss

    return Smoothed


def _row(student: Student, asked: PromptedReply, max_length: int) -> dict[str, list[int]] | None:
    ids, n_prompt = tokens_of(student, asked, max_length)
    if len(ids) <= n_prompt:
        return None
    return {"input_ids": ids, "labels": [IGNORED] * n_prompt + ids[n_prompt:]}
