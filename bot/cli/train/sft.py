"""``aion train sft``: LoRA weights by supervised fine-tuning."""

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


@group.command(epilog="Example:  aion train sft --data data/training/today/sft.jsonl --out data/lora --epochs 3")
def sft(
    data: Annotated[Path, typer.Option("--data", envvar="AION_SFT_JSONL", help="JSONL with messages in each line.")],
    out: Out,
    base: Base = None,
    held: Held = None,
    max_steps: MaxSteps = None,
    epochs: Epochs = 1.0,
    rate: Annotated[float, typer.Option(min=0, help="Highest learning rate.")] = 2e-4,
    min_rate: Annotated[float, typer.Option(min=0, help="Learning rate at the end.")] = 0.0,
    warmup: Warmup = 0.03,
    rank: Rank = 16,
    alpha: Alpha = 32,
    batch: Annotated[int, typer.Option(min=1, help="Examples at once.")] = 2,
    accumulate: Accumulate = 16,
    max_length: Annotated[int, typer.Option(min=8, help="Tokens of an example, at most.")] = 2048,
    smoothing: Annotated[float, typer.Option(min=0, max=1, help="Label smoothing ε.")] = 0.0,
    packing: Annotated[
        bool | None, typer.Option("--packing/--no-packing", help="Several examples in a row. Default: on a GPU.")
    ] = None,
    checkpoints: Checkpoints = None,
    max_hours: MaxHours = None,
    start: Start = None,
    seed: Seed = 0,
) -> None:
    """Train LoRA weights on replies people liked."""
    from bot.operator.train.job import TrainingJob
    from bot.operator.train.options import TrainingOptions
    from bot.operator.train.sft import train_sft
    from core.training.batching import TrainingBatch
    from core.training.student import LoraShape
    from core.training.trainer import Recipe

    recipe = Recipe(
        max_rate=rate,
        min_rate=min_rate,
        warmup=warmup,
        batch=TrainingBatch(batch, accumulate),
        n_epochs=epochs,
        max_steps=max_steps,
        max_length=max_length,
        smoothing=smoothing,
        is_packed=packing,
        seed=seed,
    )
    options = TrainingOptions(data, out, LoraShape(rank, alpha), base, checkpoints, max_hours, start)
    finish(train_sft(TrainingJob(options, recipe, held)))
