"""Comparison of a LoRA version with the answering one: paired bootstrap on each measure, and a verdict.

A version may be promoted when it is significantly better on at least one aim and significantly worse on no measure.
Statistics alone; ``core.experiments.lora_comparison`` takes the measurements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

N_RESAMPLES = 2_000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Measure:
    """Paired values of one measure with the old and the new version; larger is better.

    ``is_aim``: improving on it justifies promotion. A mean that falls by at most ``tolerance`` is not worse.
    """

    name: str
    before: Sequence[float]
    after: Sequence[float]
    is_aim: bool = True
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class MeasureComparison:
    """Means of a measure with both versions, and the bootstrap interval ``low``..``high`` of the gain."""

    name: str
    n: int
    before: float
    after: float
    low: float
    high: float
    verdict: Literal["better", "same", "worse"]
    is_aim: bool

    @property
    def gain(self) -> float:
        """Return the difference of the means, after less before."""
        return self.after - self.before


def compare(measure: Measure, seed: int = 0) -> MeasureComparison:
    """Compare both versions by the percentile bootstrap interval (95 %) of the mean paired difference."""
    before, after = np.asarray(measure.before, float), np.asarray(measure.after, float)
    gains = after - before
    draws = np.random.default_rng(seed).integers(0, len(gains), (N_RESAMPLES, len(gains)))
    low, high = np.quantile(gains[draws].mean(1), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    verdict: Literal["better", "same", "worse"] = "same"
    if low > 0:
        verdict = "better"
    elif high < -measure.tolerance:
        verdict = "worse"
    return MeasureComparison(
        measure.name,
        len(gains),
        float(before.mean()),
        float(after.mean()),
        float(low),
        float(high),
        verdict,
        measure.is_aim,
    )


def is_promotable(compared: Sequence[MeasureComparison]) -> bool:
    """Tell whether at least one aim is better, and no measure is worse."""
    return all(each.verdict != "worse" for each in compared) and any(
        each.verdict == "better" and each.is_aim for each in compared
    )


def dislike_p_value(liked: tuple[int, int], others: tuple[int, int]) -> float:
    """Return the p-value, 0..1, of Fisher's exact one-sided test that ``liked`` has a larger share of 👎.

    Both are counts (👍, 👎): of the version on trial, and of the version that answers beside it.
    """
    from scipy.stats import fisher_exact

    return float(fisher_exact([[liked[1], liked[0]], [others[1], others[0]]], alternative="greater").pvalue)


def write_report(compared: Sequence[MeasureComparison], version: str, instead_of: str, folder: Path) -> Path:
    """Write ``report.md`` and its plot ``gains.png`` into ``folder``; return the path of the report. Blocks."""
    folder.mkdir(parents=True, exist_ok=True)
    _draw(compared, folder / "gains.png")
    outcome = "can be promoted" if is_promotable(compared) else "stays out"
    lines = [
        f"# {version} instead of {instead_of}: {outcome}",
        "",
        "| measure | n | before | after | gain (95 %) | |",
        "|---|---|---|---|---|---|",
        *(
            f"| {each.name}{'' if each.is_aim else ' ¹'} | {each.n} | {each.before:.3f} | {each.after:.3f} "
            f"| {each.gain:+.3f} ({each.low:+.3f} … {each.high:+.3f}) | {each.verdict} |"
            for each in compared
        ),
        "",
        "¹ must not get worse; getting better is no reason to promote.",
        "",
        "![gains](gains.png)",
        "",
    ]
    page = folder / "report.md"
    page.write_text("\n".join(lines), encoding="utf-8")
    return page


def _draw(compared: Sequence[MeasureComparison], path: Path) -> None:
    from matplotlib.figure import Figure

    colours = {"better": "tab:green", "same": "tab:gray", "worse": "tab:red"}
    figure = Figure(figsize=(5, 0.6 + 0.45 * len(compared)), layout="constrained")
    axes = figure.add_subplot(xlabel="gain, 95 % interval")
    for place, each in enumerate(compared):
        axes.plot([each.low, each.high], [place, place], color=colours[each.verdict])
        axes.plot(each.gain, place, "o", color=colours[each.verdict])
    axes.set_yticks(range(len(compared)), [each.name for each in compared])
    axes.axvline(0, color="black", linewidth=0.5)
    axes.invert_yaxis()
    figure.savefig(path, dpi=80)
