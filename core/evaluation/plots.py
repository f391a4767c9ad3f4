"""Plots of selective answering: risk–coverage curve and reliability diagram. Imports matplotlib."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from core.evaluation.harness import Measurement
from core.evaluation.selective import reliability

_DRAWN = ("fused", "reranked", "spec")
"""Methods with a gate of their own; the others share it."""


def plot(name: str, measured: Mapping[str, Measurement], folder: Path) -> list[Path]:
    """Write a set's risk–coverage curve and reliability diagram as PNG files to ``folder``; return their paths.

    A set with only answerable or only unanswerable questions has neither.
    """
    drawn = {method: measured[method] for method in _DRAWN if method in measured}
    if not all(each.has_both_kinds for each in drawn.values()):
        return []
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind, draw in (("risk-coverage", _risk_coverage), ("reliability", _reliability)):
        figure = Figure(figsize=(5, 4), layout="constrained")
        axes = figure.add_subplot(title=name, xlim=(0, 1), ylim=(0, 1))
        draw(axes, drawn)
        axes.grid(alpha=0.3)
        axes.legend()
        paths.append(folder / f"{name}-{kind}.png")
        figure.savefig(paths[-1], dpi=150)
    return paths


def _risk_coverage(axes: Axes, drawn: Mapping[str, Measurement]) -> None:
    for method, measured in drawn.items():
        curve = measured.risk_coverage()
        axes.plot(curve.coverage, curve.risk, label=f"{method} (area {curve.area:.3f})")
    axes.set(xlabel="share of questions answered, surest first", ylabel="share of those that nothing answers")


def _reliability(axes: Axes, drawn: Mapping[str, Measurement]) -> None:
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="as said")
    for method, measured in drawn.items():
        bins = reliability(*measured.confidences())
        ece = measured.metrics()["ece"] or 0.0
        axes.plot(
            [b.confidence for b in bins], [b.accuracy for b in bins], marker="o", label=f"{method} (ECE {ece:.3f})"
        )
    axes.set(xlabel="confidence", ylabel="share that could be answered")
