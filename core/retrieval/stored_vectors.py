"""Vectors that stay in the database and are searched there: nothing of them is in memory or in files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.ports import VectorSearch
from core.types import Matrix, SpaceId, Vector


@dataclass(frozen=True, slots=True)
class StoredVectors:
    """The stored vectors of one space by one embedder (``core.retrieval.dense.VectorIndex``)."""

    search: VectorSearch
    space: SpaceId
    embedder_id: str
    dim: int

    @property
    def n_bytes(self) -> int:
        """Return 0: the database has them."""
        return 0

    def agrees_with(self, n_passages: int) -> bool:
        """Return ``True``: they cannot lag behind the database."""
        return True

    def add(self, ids: Sequence[int], vectors: Matrix) -> None:
        """Do nothing: they were stored with their passages."""

    def remove(self, ids: Collection[int]) -> None:
        """Do nothing: they were removed with their passages."""

    def build(self) -> None:
        """Do nothing: graphs are a regular job's."""

    def candidates(self, query: Vector, limit: int, others: Collection[int]) -> tuple[list[int], Matrix]:
        """Return the ``limit`` nearest ids, best first, then those of ``others`` that are there; and their vectors."""
        return self.search.candidates(self.space, self.embedder_id, query, limit, others)

    def vectors(self, ids: Collection[int]) -> tuple[list[int], Matrix]:
        """Return those of ``ids`` that are there, in their order, and their vectors, shape ``(n, dim)``."""
        return self.candidates(np.zeros(self.dim, np.float32), 0, ids)

    def save(self, path: Path) -> None:
        """Do nothing: there is no file."""
