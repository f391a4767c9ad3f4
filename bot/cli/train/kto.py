"""``aion train kto``: LoRA weights by Kahneman-Tversky optimization (arXiv:2402.01306)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import finish
from bot.cli.train.root import (
    Accumulate,
    Alpha,
    Base,
    Checkpoints,
    Epochs,
    Held,
    MaxHours,
    MaxSteps,
    Out,
    Rank,
    Seed,
    Start,
    Warmup,
    group,
)


@group.command(epilog="Example:  aion train kto --data data/training/today/kto.jsonl --out data/lora --epochs 3")
def kto(
    data: Annotated[Path, typer.Option("--data", help="JSONL with prompt, completion and label in each line.")],
    out: Out,
    base: Base = None,
    held: Held = None,
    max_steps: MaxSteps = None,
    epochs: Epochs = 1.0,
    rate: Annotated[float, typer.Option(min=0, help="Highest learning rate.")] = 5e-5,
    warmup: Warmup = 0.03,
    rank: Rank = 16,
    alpha: Alpha = 32,
    batch: Annotated[int, typer.Option(min=2, help="Examples at once.")] = 4,
    accumulate: Accumulate = 4,
    max_length: Annotated[int, typer.Option(min=8, help="Tokens of an example, at most.")] = 1024,
    checkpoints: Checkpoints = None,
    max_hours: MaxHours = None,
    start: Start = None,
    seed: Seed = 0,
) -> None:
    """Train LoRA weights on replies people liked and disliked."""
    from bot.operator.train.job import TrainingJob
    from bot.operator.train.kto import train_kto
    from bot.operator.train.options import TrainingOptions
    from core.training.batching import TrainingBatch
    from core.training.student import LoraShape
    from core.training.trainer import Recipe

    recipe = Recipe(
        max_rate=rate,
        warmup=warmup,
        batch=TrainingBatch(batch, accumulate),
        n_epochs=epochs,
        max_steps=max_steps,
        max_length=max_length,
        seed=seed,
    )
    options = TrainingOptions(data, out, LoraShape(rank, alpha), base, checkpoints, max_hours, start)
    finish(train_kto(TrainingJob(options, recipe, held)))
