"""The figures of a community as a picture: questions by day and outcome, and the thumbs under the answers."""

from __future__ import annotations

import io

from core.services.stats import CommunityStats
from core.texts import say
from core.types import Language

_COLOURS = {"answered": "#228833", "closest": "#ccbb44", "declined": "#888888", "up": "#4477aa", "down": "#ee6677"}
"""Distinguishable with most kinds of colour blindness (Tol 2021)."""


def draw_stats(stats: CommunityStats, language: Language) -> bytes:
    """Return a PNG of 1000 by 600 pixels. Blocks."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(10, 6), dpi=100, layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    days = list(range(len(stats.days)))
    floor = [0] * len(days)
    for outcome in ("answered", "closest", "declined"):
        heights = [getattr(each, f"n_{outcome}") for each in stats.days]
        label = say(language, f"stats.{outcome}")
        above.bar(days, heights, bottom=floor, color=_COLOURS[outcome], label=label)
        floor = [low + high for low, high in zip(floor, heights, strict=True)]
    below.bar(days, [each.n_up for each in stats.days], color=_COLOURS["up"], label=say(language, "stats.up"))
    below.bar(days, [-each.n_down for each in stats.days], color=_COLOURS["down"], label=say(language, "stats.down"))
    below.axhline(0, color="black", linewidth=0.8)
    weeks = days[:: 7 if len(days) > 10 else 1]
    below.set_xticks(weeks, [f"{stats.days[n].day:%d/%m}" for n in weeks])
    for axes in (above, below):
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y", alpha=0.3)
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0, ncols=3, frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    below.yaxis.set_major_formatter(lambda value, _: f"{abs(value):.0f}")
    above.set_title(say(language, "stats.picture"), loc="left")
    written = io.BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()
