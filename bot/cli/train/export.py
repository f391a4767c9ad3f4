"""``aion train export``: training data of what communities and people agreed to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.root import finish
from bot.cli.train.root import group


@group.command(epilog="Example:  aion train export --out data/training/today --space discord:1234")
def export(
    out: Annotated[Path, typer.Option("--out", help="Folder for the files.")],
    space: Annotated[str | None, typer.Option("--space", help="Only this space, e.g. discord:1234.")] = None,
) -> None:
    """Write what communities and people let models learn from: SFT, KTO and reward lines."""
    from bot.operator.train.export import export_training_data

    finish(export_training_data(out, space))
