"""A space's knowledge as points in three dimensions: passages that say alike things lie together."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import BadInput
from core.knowledge.pca import Array, project
from core.offload import offload
from core.storage.passages import Passages
from core.types import Matrix, Passage, SpaceId, readable_spaces

MAX_POINTS = 3_000
"""More points than this hide each other; a larger space is shown by as many of its passages, evenly taken."""

MAX_CLUSTERS = 10
_MAX_TITLE_CHARS = 32
_MAX_TEXT_CHARS = 160


@dataclass(frozen=True, slots=True)
class Chart:
    """Points, shape ``(n, 3)``, each with its cluster's number and what it is; a title for each cluster.

    ``explained`` is the share of the variance that three dimensions can show, 0..1.
    """

    points: Array
    clusters: tuple[int, ...]
    titles: tuple[str, ...]
    labels: tuple[str, ...]
    explained: float


async def chart(passages: Passages, space: SpaceId) -> Chart:
    """Return the chart of what a question in ``space`` may be answered from.

    Raises ``BadInput`` when there is nothing yet.
    """
    found: list[Passage] = []
    vectors: list[Matrix] = []
    for name in readable_spaces(space):
        for embedder_id in sorted(await passages.embedders(name))[:1]:  # those of two do not compare
            ids = (await passages.changes(name, 0, embedder_id)).added
            some, rows = await passages.embedded(name, _spread(ids), embedder_id)
            found.extend(some)
            vectors.append(rows)
    if len({rows.shape[1] for rows in vectors}) != 1:
        raise BadInput("map.empty")
    return await offload(_chart, found, np.concatenate(vectors))


def _spread(ids: Sequence[int]) -> Sequence[int]:
    return ids[:: -(-len(ids) // MAX_POINTS) or 1]


def _chart(passages: Sequence[Passage], vectors: Matrix) -> Chart:
    """Project and cluster. Blocks."""
    from sklearn.cluster import KMeans

    seen = project(vectors)
    n_different = len(np.unique(vectors, axis=0))
    n_clusters = min(MAX_CLUSTERS, n_different, max(1, round((len(passages) / 2) ** 0.5)))
    clusters = KMeans(n_clusters, n_init=1, random_state=0).fit(vectors).labels_
    return Chart(
        points=seen.points,
        clusters=tuple(clusters.tolist()),
        titles=_titles(passages, clusters.tolist(), n_clusters),
        labels=tuple(_label(passage) for passage in passages),
        explained=sum(seen.explained),
    )


def _titles(passages: Sequence[Passage], clusters: Sequence[int], n_clusters: int) -> tuple[str, ...]:
    """Name each cluster after the document most of it is from, and its section where that name is taken."""
    taken: list[str] = []
    for number in range(n_clusters):
        inside = [passage for passage, cluster in zip(passages, clusters, strict=True) if cluster == number]
        documents = Counter(passage.document for passage in inside)
        headings = Counter(passage.heading.rpartition(" > ")[2] for passage in inside if passage.heading)
        names = [*(name for name, _ in documents.most_common(1)), *(name for name, _ in headings.most_common(3))]
        short = [textwrap.shorten(name, _MAX_TITLE_CHARS, placeholder="…") for name in names]
        taken.append(next((name for name in short if name not in taken), short[0]))
    return tuple(taken)


def _label(passage: Passage) -> str:
    place = " › ".join(filter(None, (passage.document, passage.heading)))
    return f"{place}: {textwrap.shorten(passage.text, _MAX_TEXT_CHARS, placeholder='…')}"
