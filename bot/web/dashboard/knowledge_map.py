"""The knowledge map of a community: a picture without scripts, and with them one that can be turned.

A map is drawn in the background, once for each state of what is known; the page loads itself again until it is there.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.control_characters import without_controls
from core.errors import BadInput
from core.knowledge.knowledge_map import KnowledgeMap
from core.knowledge.map_image import COLOURS
from core.knowledge.map_layout import FlatMap, flatten
from core.offload import offload

if TYPE_CHECKING:
    from fastapi.responses import Response

    from bot.web.dashboard.visit import Visit

WIDTH, HEIGHT = 960, 640
MAX_POINTS = 800
"""Points that are sent to a browser; of more, every n-th."""

MAX_LABEL_CHARS = 100
MAX_MAPS = 16
_AGAIN_AFTER_S = "2"


@dataclass(frozen=True, slots=True)
class DrawnMap:
    """A map as the page shows it; ``data`` is JSON for its script."""

    flat: FlatMap
    clusters: tuple[int, ...]
    data: str


@dataclass
class MapCache:
    """The maps drawn last, by space and state of what is known there; ``None``: there is nothing to draw."""

    _drawn: OrderedDict[str, DrawnMap | None] = field(default_factory=OrderedDict)
    _drawing: set[str] = field(default_factory=set)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def page(self, visit: Visit) -> Response:
        """Return the page of the space's map, or one that loads itself again while that is drawn."""
        state = f"{visit.space} {await visit.aion.stores.passages.revision(visit.space)}"
        if state in self._drawn:
            return await visit.page("knowledge_map", shown=self._drawn[state], is_ready=True, colours=COLOURS)
        if state not in self._drawing:
            self._drawing.add(state)
            visit.host.tasks.start(self._draw(visit, state))
        response = await visit.page("knowledge_map", shown=None, is_ready=False, colours=COLOURS)
        response.headers["Refresh"] = _AGAIN_AFTER_S
        return response

    async def _draw(self, visit: Visit, state: str) -> None:
        try:
            async with self._turn:  # drawing takes a second of processor time
                found = await visit.aion.services.documents.of(visit.message.scope).knowledge_map()
                self._drawn[state] = await offload(_drawn, found)
        except BadInput:
            self._drawn[state] = None
        finally:
            self._drawing.discard(state)
        while len(self._drawn) > MAX_MAPS:
            self._drawn.popitem(last=False)


def _drawn(found: KnowledgeMap) -> DrawnMap:
    """Return a map with at most ``MAX_POINTS`` of its points. Blocks."""
    every = -(-len(found.clusters) // MAX_POINTS)
    shown = KnowledgeMap(
        points=found.points[::every],
        clusters=found.clusters[::every],
        titles=found.titles,
        labels=tuple(without_controls(label)[:MAX_LABEL_CHARS] for label in found.labels[::every]),
        explained=found.explained,
    )
    radius = float(np.abs(shown.points).max(initial=0.0)) or 1.0
    data = {
        "points": np.round(shown.points / radius, 3).tolist(),
        "clusters": shown.clusters,
        "labels": shown.labels,
        "colours": COLOURS,
    }
    flat = flatten(shown, WIDTH, HEIGHT)
    return DrawnMap(flat, shown.clusters, json.dumps(data, ensure_ascii=False, separators=(",", ":")))
