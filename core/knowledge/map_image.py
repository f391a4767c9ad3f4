"""A knowledge map as a PNG, and as an interactive HTML page."""

from __future__ import annotations

import html
import io
import json
import re
import warnings
from importlib.resources import files

import numpy as np

from core.control_characters import without_controls
from core.knowledge.knowledge_map import KnowledgeMap

_COLOURS = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee8866", "#44bb99", "#775599", "#888888",
)  # fmt: skip
"""One for each cluster, distinguishable with most kinds of colour blindness (Tol 2021)."""

_INCHES = (10.0, 7.5)


def as_png(shown: KnowledgeMap, heading: str) -> bytes:
    """Return the map as a PNG of 1000 by 750 pixels, with a title at each cluster. Blocks."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, dpi=100, layout="constrained")
    axes = figure.add_subplot(projection="3d")
    colours = [_colour(cluster) for cluster in shown.clusters]
    axes.scatter(*shown.points.T, c=colours, s=14, alpha=0.75, depthshade=True)
    for number, title in enumerate(shown.titles):
        place = shown.points[np.array(shown.clusters) == number].mean(axis=0)
        box = {"facecolor": "white", "edgecolor": _colour(number), "alpha": 0.85, "boxstyle": "round"}
        side = "bottom" if number % 2 else "top"  # so that neighbours hide each other less
        axes.text(
            *place, without_controls(title), fontsize=9, ha="center", va=side, bbox=box, parse_math=False, zorder=1_000
        )
    axes.set_title(without_controls(heading), parse_math=False)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_ticklabels([])
    written = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)  # a title may be in any script
        figure.savefig(written, format="png")
    return written.getvalue()


def as_html(shown: KnowledgeMap, heading: str) -> str:
    """Return the map as one self-contained HTML page: drag rotates, the wheel zooms, hovering labels. Blocks."""
    radius = float(np.abs(shown.points).max(initial=0.0)) or 1.0
    data = {
        "points": np.round(shown.points / radius, 4).tolist(),
        "clusters": shown.clusters,
        "titles": list(map(without_controls, shown.titles)),
        "labels": list(map(without_controls, shown.labels)),
        "colours": _COLOURS,
    }
    template = (files("core.knowledge") / "map.html").read_text(encoding="utf-8")
    written = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")  # no title can end the script
    filled = {"heading": html.escape(without_controls(heading)), "data": written}
    return re.sub(r"\{(heading|data)\}", lambda gap: filled[gap[1]], template)


def _colour(cluster: int) -> str:
    return _COLOURS[cluster % len(_COLOURS)]
