"""``aion train scratch``: a language model from a folder of text, and nothing else."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import finish
from bot.cli.train.root import Accumulate, Checkpoints, Epochs, MaxHours, MaxSteps, Seed, Text, Warmup, group


class SizeName(StrEnum):
    """Sizes of ``core.training.scratch.sizes.SIZES``."""

    tiny = "tiny"
    small = "small"
    medium = "medium"


class BalancingName(StrEnum):
    """Ways to keep experts equally busy."""

    loss = "loss"
    bias = "bias"
    none = "none"


@group.command(
    epilog="Example:  aion train scratch --text handbook/ --size tiny --out model  ·  AION_LOCAL_MODEL=model aion chat"
)
def scratch(
    text: Text,
    out: Annotated[Path, typer.Option("--out", help="Folder for the model.")],
    size: Annotated[SizeName, typer.Option(help="3, 45 or 260 million weights.")] = SizeName.tiny,
    tokenizer: Annotated[
        Path | None, typer.Option("--tokenizer", help="Folder of a model to borrow the tokenizer of. Default: trained.")
    ] = None,
    max_steps: MaxSteps = None,
    epochs: Epochs = 3.0,
    rate: Annotated[float | None, typer.Option(min=0, help="Highest learning rate. Default: the size's.")] = None,
    warmup: Warmup = 0.03,
    decay: Annotated[float, typer.Option(min=0, help="Weight decay λ.")] = 0.1,
    batch: Annotated[int | None, typer.Option(min=1, help="Sequences at once. Default: the size's.")] = None,
    accumulate: Accumulate = 1,
    smoothing: Annotated[float, typer.Option(min=0, max=1, help="Label smoothing ε.")] = 0.0,
    balancing: Annotated[BalancingName, typer.Option(help="How experts are kept equally busy.")] = BalancingName.loss,
    balance_weight: Annotated[float, typer.Option(min=0, help="λ of the balance loss.")] = 1e-2,
    z_weight: Annotated[float, typer.Option(min=0, help="Weight of the routers' z-loss.")] = 0.0,
    milestones: Annotated[int, typer.Option(min=1, help="Updates between two samples of its writing.")] = 200,
    checkpoints: Checkpoints = None,
    save_every: Annotated[int, typer.Option(min=1, help="Updates between two checkpoints.")] = 100,
    max_hours: MaxHours = None,
    seed: Seed = 0,
) -> None:
    """Train a small language model from a folder of text alone."""
    from bot.operator.train.scratch import ScratchJob, train_from_scratch

    job = ScratchJob(
        text=text,
        out=out,
        size=size.value,
        tokenizer=tokenizer,
        max_steps=max_steps,
        epochs=epochs,
        rate=rate,
        warmup=warmup,
        decay=decay,
        rows=batch,
        n_accumulated=accumulate,
        smoothing=smoothing,
        balancing=balancing.value,
        balance_weight=balance_weight,
        z_weight=z_weight,
        milestone_every=milestones,
        checkpoints=checkpoints,
        save_every=save_every,
        max_hours=max_hours,
        seed=seed,
    )
    finish(train_from_scratch(job))
