"""``aion train reward``: a reward model of thumbs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import finish
from bot.cli.train.root import Base, Held, group


@group.command(epilog="Example:  aion train reward --data data/training/today/reward.jsonl")
def reward(
    data: Annotated[Path, typer.Option("--data", help="JSONL with prompt, response and reward in each line.")],
    held: Held = None,
    on_base: Annotated[
        bool, typer.Option("--on-base/--on-embedder", help="Read replies with the base model, not the embedder.")
    ] = False,
    base: Base = None,
) -> None:
    """Fit a model of what people like, and measure it on what is held out."""
    from bot.operator.train.reward import fit_reward_model

    finish(fit_reward_model(data, held, on_base, base))
