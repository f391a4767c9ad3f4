"""A knowledge map as a PNG, and as an interactive HTML page."""

from __future__ import annotations

import html
import io
import json
import re
import warnings
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from core.control_characters import without_controls
from core.knowledge.knowledge_map import KnowledgeMap
from core.knowledge.map_layout import FEW_POINTS, MapLabel, flatten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee8866", "#44bb99", "#775599", "#888888",
)  # fmt: skip
"""One for each cluster, distinguishable with most kinds of colour blindness (Tol 2021)."""

WIDTH, HEIGHT = 1_000, 750
"""Pixels of the picture."""

_TOP = 44.0
"""Pixels above the points, which hold the heading."""

_INK, _BACK = "#1b1f2a", "#f6f7fb"


def as_png(shown: KnowledgeMap, heading: str) -> bytes:
    """Return the map as a PNG of 1000 by 750 pixels, with a title near each cluster and none upon another. Blocks."""
    from matplotlib.figure import Figure

    flat = flatten(shown, WIDTH, HEIGHT, _TOP)
    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, facecolor=_BACK)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    axes.set_axis_off()
    order = np.argsort(flat.nearness)  # the nearest are drawn last
    colours = [_colour(shown.clusters[n]) for n in order]
    axes.scatter(
        flat.points[order, 0],
        flat.points[order, 1],
        c=colours,
        s=(14 + 26 * flat.nearness[order]) * (4 if len(order) <= FEW_POINTS else 1),
        alpha=0.7,
        linewidths=0,
    )
    for label in flat.labels:
        middle = (label.x + label.width / 2, label.y + label.height / 2)
        axes.plot(*zip(label.centre, middle, strict=True), color=_colour(label.cluster), linewidth=1, alpha=0.8)
    for label in flat.labels:
        _draw_label(axes, label)
    axes.text(16, 28, without_controls(heading), fontsize=14, color=_INK, va="center", parse_math=False)
    written = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)  # a title may be in any script
        figure.savefig(written, format="png", facecolor=_BACK)
    return written.getvalue()


def _draw_label(axes: Axes, label: MapLabel) -> None:
    from matplotlib.patches import FancyBboxPatch

    box = FancyBboxPatch(
        (label.x + 3, label.y + 3),
        label.width - 6,
        label.height - 6,
        boxstyle="round,pad=3",
        facecolor="white",
        edgecolor=_colour(label.cluster),
        zorder=3,
    )
    axes.add_patch(box)
    axes.text(
        label.x + label.width / 2,
        label.y + label.height / 2,
        label.text,
        fontsize=9,
        color=_INK,
        ha="center",
        va="center",
        parse_math=False,
        zorder=4,
    )


def as_html(shown: KnowledgeMap, heading: str) -> str:
    """Return the map as one self-contained HTML page: drag rotates, the wheel zooms, hovering labels. Blocks."""
    radius = float(np.abs(shown.points).max(initial=0.0)) or 1.0
    data = {
        "points": np.round(shown.points / radius, 4).tolist(),
        "clusters": shown.clusters,
        "titles": list(map(without_controls, shown.titles)),
        "labels": list(map(without_controls, shown.labels)),
        "colours": COLOURS,
    }
    template = (files("core.knowledge") / "map.html").read_text(encoding="utf-8")
    written = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")  # no title can end the script
    filled = {"heading": html.escape(without_controls(heading)), "data": written}
    return re.sub(r"\{(heading|data)\}", lambda gap: filled[gap[1]], template)


def _colour(cluster: int) -> str:
    return COLOURS[cluster % len(COLOURS)]
