"""``aion train cycle``: export, training, comparison and trial in one go."""

from __future__ import annotations

from bot.cli.root import finish
from bot.cli.train.root import group


@group.command(epilog="Example:  aion train cycle")
def cycle() -> None:
    """Export, train, compare and try the version out, as AION does by itself after AION_TRAIN_AFTER_RATINGS thumbs."""
    from bot.operator.train.cycle import run_cycle

    finish(run_cycle())
