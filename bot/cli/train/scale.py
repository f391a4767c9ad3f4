"""``aion train scale``: how the loss falls with parameters and tokens on one's own text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import finish
from bot.cli.train.root import Seed, Text, group


@group.command(epilog="Example:  aion train scale --text handbook/ --out ladder --flops 1e14")
def scale(
    text: Text,
    out: Annotated[Path, typer.Option("--out", help="Folder for runs and plot; a ladder broken off goes on there.")],
    widths: Annotated[str, typer.Option(help="Widths of the models, in multiples of 32.")] = "32,64,96",
    tokens: Annotated[str, typer.Option(help="Tokens to train each on.")] = "500000,1000000,2000000,4000000",
    flops: Annotated[float, typer.Option(min=1, help="The budget, in floating-point operations.")] = 1e14,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train a ladder of small models; fit the scaling law, and predict the largest of them."""
    from bot.operator.train.scale import LadderRequest, measure_scaling

    request = LadderRequest(text, out, _numbers(widths, 32), _numbers(tokens, 1), flops, seed)
    finish(measure_scaling(request, as_json), as_json=as_json)


def _numbers(text: str, multiple: int) -> tuple[int, ...]:
    """Return the numbers of a list with commas. Raises ``typer.BadParameter`` unless they are positive multiples."""
    try:
        numbers = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError as error:
        raise typer.BadParameter(f"{text} is not a list of numbers with commas") from error
    if any(number < 1 or number % multiple for number in numbers):
        raise typer.BadParameter(f"{text}: positive multiples of {multiple} are meant")
    return numbers
