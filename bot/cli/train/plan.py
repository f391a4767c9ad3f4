"""``aion train plan``: the cost of a training, and the scaling law of those made here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import finish
from bot.cli.train.root import Accumulate, Base, Epochs, Rank, group


@group.command(
    epilog="Examples:  aion train plan --data sft.jsonl --base mistralai/Mistral-7B-Instruct-v0.3 --epochs 3  ·  "
    "aion train plan --law --flops 1e19 --plot law.png"
)
def plan(
    data: Annotated[Path | None, typer.Option("--data", help="JSONL whose examples are counted.")] = None,
    examples: Annotated[int, typer.Option(min=1, help="Without --data: so many examples.")] = 1000,
    tokens: Annotated[float, typer.Option(min=1, help="Without --data: tokens of each.")] = 400.0,
    base: Base = None,
    epochs: Epochs = 1.0,
    batch: Annotated[int, typer.Option(min=1, help="Examples at once.")] = 2,
    accumulate: Accumulate = 16,
    max_length: Annotated[int, typer.Option(min=8, help="Tokens of an example, at most.")] = 2048,
    rank: Rank = 16,
    hardware: Annotated[
        Path | None, typer.Option("--hardware", help="TOML of places and models, in place of AION's own.")
    ] = None,
    law: Annotated[
        bool, typer.Option("--law", help="Fit a scaling law to the runs made here (of sft, with something held out).")
    ] = False,
    runs: Annotated[
        Path | None, typer.Option("--runs", help="… to these instead: JSONL with params, tokens and loss.")
    ] = None,
    flops: Annotated[float, typer.Option(min=1, help="With --law: the budget, in floating-point operations.")] = 1e18,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="With --law: draw it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Reckon steps, memory, hours and sessions on free GPUs; or the best model and data for a budget."""
    from bot.operator.train.plan import PlanRequest, print_law, print_plan

    if law or runs:
        finish(print_law(runs, flops, plot, as_json), as_json=as_json)
    else:
        request = PlanRequest(data, examples, tokens, base, epochs, batch, accumulate, max_length, rank, hardware)
        finish(print_plan(request, as_json), as_json=as_json)
