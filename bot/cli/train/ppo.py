"""``aion train ppo``: LoRA weights by proximal policy optimization (arXiv:1707.06347)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import finish
from bot.cli.train.root import Alpha, Base, Checkpoints, MaxHours, Out, Rank, Seed, Start, group


@group.command(epilog="Example:  aion train ppo --data data/training/today/reward.jsonl --out data/lora --online")
def ppo(
    data: Annotated[Path, typer.Option("--data", help="JSONL with prompt, response and reward in each line.")],
    out: Out,
    online: Annotated[
        bool,
        typer.Option("--online/--offline", help="Practise on fresh answers that the reward model judges."),
    ] = False,
    base: Base = None,
    rank: Rank = 16,
    alpha: Alpha = 32,
    steps: Annotated[int, typer.Option(min=1, help="Steps; each rates so many --rows.")] = 50,
    rows: Annotated[int, typer.Option(min=2, help="Replies to a step.")] = 32,
    epochs: Annotated[int, typer.Option(min=1, help="Updates to a step.")] = 4,
    clip: Annotated[float, typer.Option(min=0.01, max=1, help="ε: how far a step moves a probability.")] = 0.2,
    kl_weight: Annotated[float, typer.Option(min=0, help="β: how strongly it is held to the base model.")] = 0.05,
    max_kl: Annotated[float, typer.Option(min=0, help="How far from the base it may go, nats a token.")] = 0.5,
    rate: Annotated[float, typer.Option(min=0, help="Highest learning rate.")] = 2e-4,
    min_rate: Annotated[float, typer.Option(min=0, help="Learning rate at the end.")] = 2e-5,
    batch: Annotated[int, typer.Option(min=1, help="Replies in memory at once.")] = 8,
    max_length: Annotated[int, typer.Option(min=8, help="Tokens of a stored reply and its prompt, at most.")] = 1024,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Tokens of a fresh answer, at most.")] = 64,
    checkpoints: Checkpoints = None,
    max_hours: MaxHours = None,
    start: Start = None,
    seed: Seed = 0,
) -> None:
    """Move LoRA weights towards what people like, held near the base model (PPO)."""
    from bot.operator.train.options import TrainingOptions
    from bot.operator.train.ppo import PpoJob, train_ppo
    from core.training.ppo.algorithm import PpoSettings
    from core.training.student import LoraShape

    settings = PpoSettings(
        n_steps=steps,
        rows=rows,
        n_epochs=epochs,
        clip=clip,
        kl_weight=kl_weight,
        max_kl=max_kl,
        max_rate=rate,
        min_rate=min(min_rate, rate),
        seed=seed,
    )
    options = TrainingOptions(data, out, LoraShape(rank, alpha), base, checkpoints, max_hours, start)
    finish(train_ppo(PpoJob(options, settings, online, max_length, max_new_tokens, at_once=batch)))
