"""The knowledge map: a space's passages in three dimensions, by PCA of their vectors, in k-means clusters."""

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
from core.types import Matrix, Passage, Scope

MAX_POINTS = 3_000
"""The most passages of a space that are shown; of more, every n-th. More points would hide each other."""

MAX_CLUSTERS = 10
_MAX_TITLE_CHARS = 32
_MAX_TEXT_CHARS = 160


@dataclass(frozen=True, slots=True)
class KnowledgeMap:
    """Points, shape ``(n, 3)``, each with its cluster's number and a label; and a title for each cluster.

    ``explained`` is the share of the variance in these three dimensions, 0..1.
    """

    points: Array
    clusters: tuple[int, ...]
    titles: tuple[str, ...]
    labels: tuple[str, ...]
    explained: float


async def map_knowledge(passages: Passages, scope: Scope) -> KnowledgeMap:
    """Return the map of the passages of ``scope``.

    Raises ``BadInput`` when there are none.
    """
    found: list[Passage] = []
    vectors: list[Matrix] = []
    for name in scope.readable:
        for embedder_id in sorted(await passages.embedders(name))[:1]:  # vectors of two embedders are not comparable
            ids = (await passages.changes(name, 0, embedder_id)).added
            some, rows = await passages.embedded(name, _evenly_chosen(ids), embedder_id)
            found.extend(some)
            vectors.append(rows)
    if len({rows.shape[1] for rows in vectors}) != 1:
        raise BadInput("map.empty")
    return await offload(_project_and_cluster, found, np.concatenate(vectors))


def _evenly_chosen(ids: Sequence[int]) -> Sequence[int]:
    return ids[:: -(-len(ids) // MAX_POINTS) or 1]


def _project_and_cluster(passages: Sequence[Passage], vectors: Matrix) -> KnowledgeMap:
    """Return the map of passages and their vectors, shape ``(n, dim)``. Blocks."""
    from sklearn.cluster import KMeans

    seen = project(vectors)
    n_different = len(np.unique(vectors, axis=0))
    n_documents = len({passage.document_id for passage in passages})
    n_wanted = n_documents if n_documents <= MAX_CLUSTERS else round((len(passages) / 2) ** 0.5)
    n_clusters = min(MAX_CLUSTERS, n_different, max(1, n_wanted))
    clusters = KMeans(n_clusters, n_init=1, random_state=0).fit(vectors).labels_
    return KnowledgeMap(
        points=seen.points,
        clusters=tuple(clusters.tolist()),
        titles=_titles(passages, clusters.tolist(), n_clusters),
        labels=tuple(_label(passage) for passage in passages),
        explained=sum(seen.explained),
    )


def _titles(passages: Sequence[Passage], clusters: Sequence[int], n_clusters: int) -> tuple[str, ...]:
    """Return for each cluster its most frequent document, or section where that title is taken."""
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
