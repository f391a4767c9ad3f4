"""A chart of knowledge as a picture, and as a page to turn with the mouse."""

from __future__ import annotations

import html
import io
import json
import warnings
from importlib.resources import files

import numpy as np

from core.knowledge.knowledge_map import Chart

_COLOURS = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee8866", "#44bb99", "#775599", "#888888",
)  # fmt: skip
"""One for each cluster, told apart by most colour-blind readers (Tol 2021)."""

_INCHES = (10.0, 7.5)


def as_png(chart: Chart, heading: str) -> bytes:
    """Return the chart as a PNG of 1000 by 750 pixels, with a title at each cluster. Blocks."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, dpi=100, layout="constrained")
    axes = figure.add_subplot(projection="3d")
    colours = [_colour(cluster) for cluster in chart.clusters]
    axes.scatter(*chart.points.T, c=colours, s=14, alpha=0.75, depthshade=True)
    for number, title in enumerate(chart.titles):
        place = chart.points[np.array(chart.clusters) == number].mean(axis=0)
        box = {"facecolor": "white", "edgecolor": _colour(number), "alpha": 0.85, "boxstyle": "round"}
        side = "bottom" if number % 2 else "top"  # so that neighbours hide each other less
        axes.text(*place, title, fontsize=9, ha="center", va=side, bbox=box, parse_math=False, zorder=1_000)
    axes.set_title(heading, parse_math=False)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_ticklabels([])
    written = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)  # a title may be in any script
        figure.savefig(written, format="png")
    return written.getvalue()


def as_html(chart: Chart, heading: str) -> str:
    """Return the chart as one page that needs nothing else: drag turns it, the wheel zooms, pointing tells. Blocks."""
    radius = float(np.abs(chart.points).max(initial=0.0)) or 1.0
    data = {
        "points": np.round(chart.points / radius, 4).tolist(),
        "clusters": chart.clusters,
        "titles": chart.titles,
        "labels": chart.labels,
        "colours": _COLOURS,
    }
    template = (files("core.knowledge") / "map.html").read_text(encoding="utf-8")
    written = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")  # no title can end the script
    return template.replace("{heading}", html.escape(heading)).replace("{data}", written)


def _colour(cluster: int) -> str:
    return _COLOURS[cluster % len(_COLOURS)]
