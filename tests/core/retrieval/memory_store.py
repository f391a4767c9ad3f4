"""A passage store in memory, for tests of what is built on one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.ports import Embedder
from core.types import Language, Matrix, Passage, SpaceChanges, SpaceId, Vector


@dataclass
class _Row:
    passage: Passage
    vector: Vector
    revision: int


@dataclass
class MemoryStore:
    """Keeps passages by space, with the change log that the port asks for."""

    embedder: Embedder
    rows: dict[int, _Row] = field(default_factory=dict)
    removals: list[tuple[SpaceId, int, int]] = field(default_factory=list)
    revision_of: dict[SpaceId, int] = field(default_factory=dict)
    n_read: int = 0
    last_id: int = 0
    vector_search: None = None

    def add(self, space: SpaceId, *texts: str, language: Language = "en", document: str = "notes") -> list[int]:
        revision = self._next(space)
        vectors = self.embedder.embed_passages(texts)
        ids = []
        for text, vector in zip(texts, vectors, strict=True):
            self.last_id += 1
            passage = Passage(self.last_id, self.last_id, space, document, "", text, 0, len(text), language)
            self.rows[self.last_id] = _Row(passage, vector, revision)
            ids.append(self.last_id)
        return ids

    def remove(self, space: SpaceId, *ids: int) -> None:
        revision = self._next(space)
        for id_ in ids:
            del self.rows[id_]
            self.removals.append((space, revision, id_))

    def _next(self, space: SpaceId) -> int:
        self.revision_of[space] = self.revision_of.get(space, 0) + 1
        return self.revision_of[space]

    async def revision(self, space: SpaceId) -> int:
        return self.revision_of.get(space, 0)

    def revisions(self, spaces: Sequence[SpaceId]) -> Mapping[SpaceId, int]:
        return {space: self.revision_of[space] for space in spaces if space in self.revision_of}

    async def changes(self, space: SpaceId, after: int, embedder_id: str) -> SpaceChanges:
        rows = self._rows(space, embedder_id)
        return SpaceChanges(
            revision=self.revision_of.get(space, 0),
            added=tuple(sorted(id_ for id_, row in rows.items() if row.revision > after)),
            removed=tuple(id_ for owner, revision, id_ in self.removals if owner == space and revision > after),
        )

    async def count(self, space: SpaceId, embedder_id: str) -> int:
        return len(self._rows(space, embedder_id))

    async def embedded(self, space: SpaceId, ids: Sequence[int], embedder_id: str) -> tuple[Sequence[Passage], Matrix]:
        rows = self._rows(space, embedder_id)
        chosen = [rows[id_] for id_ in sorted(ids) if id_ in rows]
        self.n_read += len(chosen)
        vectors = [row.vector for row in chosen]
        return [row.passage for row in chosen], np.stack(vectors) if vectors else np.empty((0, 0), np.float32)

    async def passages(self, space: SpaceId, ids: Sequence[int]) -> Sequence[Passage]:
        return self.read(space, ids)

    def read(self, space: SpaceId, ids: Sequence[int]) -> Sequence[Passage]:
        return [self.rows[id_].passage for id_ in ids if id_ in self.rows and self.rows[id_].passage.space == space]

    def _rows(self, space: SpaceId, embedder_id: str) -> dict[int, _Row]:
        if embedder_id != self.embedder.id:
            return {}
        return {id_: row for id_, row in self.rows.items() if row.passage.space == space}
