"""Plots of training as PNG files: loss, PPO reward and KL, and the scaling law. Imports matplotlib: import it late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from core.training.scaling import Law, Optimum, ScalingRun

if TYPE_CHECKING:  # these modules load torch
    from core.training.ppo.algorithm import Step
    from core.training.scratch.pretraining import Milestone
    from core.training.trainer import Update


def draw_loss(updates: Sequence[Update], metrics: Mapping[str, float], path: Path) -> None:
    """Plot the loss by step, and the held-out loss before and after where ``metrics`` has it."""
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


def draw_expert_load(runs: Mapping[str, Sequence[Milestone]], path: Path) -> None:
    """Plot the largest load of an expert by step, as a multiple of the mean, a line for each named run."""
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.add_subplot(xlabel="step", ylabel="largest expert load / mean", ylim=(0, None))
    for name, milestones in runs.items():
        axes.plot([each.step for each in milestones], [each.largest_load for each in milestones], "o-", label=name)
    axes.axhline(2, color="grey", linestyle=":", label="twice the mean")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=100)


def draw_ppo(steps: Sequence[Step], path: Path) -> None:
    """Plot reward and KL by step."""
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


def draw_law(law: Law, runs: Sequence[ScalingRun], best: Optimum, path: Path) -> None:
    """Plot the recorded runs and the optimum over the law's contours of equal loss."""
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
    """Return ``n`` values in geometric progression, from half the least to twice the greatest."""
    low, high = min(values) / 2, max(values) * 2
    return [low * (high / low) ** (i / (n - 1)) for i in range(n)]
