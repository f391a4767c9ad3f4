"""Pictures of training: the loss of a run. Owns matplotlib here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from matplotlib.figure import Figure


class Point(Protocol):
    """A step of a run and its loss."""

    @property
    def step(self) -> int:
        """Return how many updates were made."""
        ...

    @property
    def loss(self) -> float:
        """Return the loss of that update."""
        ...


def draw_loss(updates: Sequence[Point], metrics: Mapping[str, float], path: Path) -> None:
    """Draw the loss by step as a PNG file, with the held-out loss before and after where it is known."""
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.add_subplot(xlabel="step", ylabel="loss (nats a token)")
    axes.plot([each.step for each in updates], [each.loss for each in updates], label="training")
    if updates and "held_out_loss" in metrics:
        held = [metrics["held_out_loss_before"], metrics["held_out_loss"]]
        axes.plot([0, updates[-1].step], held, "o--", label="held out")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=100)
