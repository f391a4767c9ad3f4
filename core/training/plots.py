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


class PracticePoint(Protocol):
    """A step of practice: what was earned, and how far from the base model it was, in nats a token."""

    @property
    def number(self) -> int:
        """Return how many steps were taken."""
        ...

    @property
    def reward(self) -> float:
        """Return the mean reward of its responses."""
        ...

    @property
    def kl(self) -> float:
        """Return the KL divergence to the base model."""
        ...


def draw_practice(steps: Sequence[PracticePoint], path: Path) -> None:
    """Draw reward and KL by step as a PNG file."""
    figure = Figure(figsize=(5, 4), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    numbers = [step.number for step in steps]
    above.plot(numbers, [step.reward for step in steps])
    above.set(ylabel="mean reward", ylim=(-1.05, 1.05))
    below.plot(numbers, [step.kl for step in steps], color="tab:orange")
    below.set(xlabel="step", ylabel="KL to the base (nats a token)", ylim=(0, None))
    for axes in (above, below):
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=100)


class RecordedRun(Protocol):
    """A run: parameters, tokens and the loss it ended with."""

    @property
    def n_params(self) -> float:
        """Return the model's weights."""
        ...

    @property
    def n_tokens(self) -> float:
        """Return the tokens it was trained on."""
        ...

    @property
    def loss(self) -> float:
        """Return the loss, in nats a token."""
        ...


class LossLaw(Protocol):
    """A law that says what loss is to be expected."""

    def loss(self, n_params: float, n_tokens: float) -> float:
        """Return the loss of so many weights on so many tokens, in nats a token."""
        ...


def draw_law(law: LossLaw, runs: Sequence[RecordedRun], best: RecordedRun, path: Path) -> None:
    """Draw the recorded runs over the law's lines of equal loss, with the best use of a budget, as a PNG file."""
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.add_subplot(xlabel="parameters N", ylabel="training tokens D", xscale="log", yscale="log")
    n = _spread([best.n_params, *(run.n_params for run in runs)])
    d = _spread([best.n_tokens, *(run.n_tokens for run in runs)])
    lines = axes.contour(n, d, [[law.loss(x, y) for x in n] for y in d], levels=12, cmap="viridis_r")
    axes.clabel(lines, fontsize=7)
    axes.scatter([run.n_params for run in runs], [run.n_tokens for run in runs], c="black", s=12, label="recorded")
    label = f"best for the budget: loss {best.loss:.3f}"
    axes.scatter([best.n_params], [best.n_tokens], c="tab:red", marker="*", s=120, label=label)
    axes.legend()
    figure.savefig(path, dpi=100)


def _spread(values: Sequence[float], n: int = 60) -> list[float]:
    """Return ``n`` values in even ratios, from a little under the least to a little over the greatest."""
    low, high = min(values) / 2, max(values) * 2
    return [low * (high / low) ** (i / (n - 1)) for i in range(n)]
