"""Migration from one embedder to another without downtime.

The former embedder serves, with its indexes, until every passage has a vector of the new one and its indexes are
built. All spaces then switch at once: a search reads a space and ``global`` together, and vectors of two embedders do
not compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.ports import Embedder, Gate, PassageStore
from core.retrieval.fuse import FusionLookup, fusion_for
from core.retrieval.search import HybridSearcher
from core.retrieval.second_embedder import SecondEmbedder, SecondVectorStore
from core.storage.passages import ANY_EMBEDDER
from core.types import Decision, Language, Matrix, Scope, SearchResult, SpaceId, Vector


class LexicalOnlyEmbedder:
    """Replaces a former embedder that cannot be loaded: all cosines are 0, so that BM25 alone ranks."""

    id = ANY_EMBEDDER
    dim = 1

    def embed_query(self, text: str) -> Vector:
        """Return a zero, shape ``(1,)``."""
        return np.zeros(1, np.float32)

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Return zeros, shape ``(len(texts), 1)``."""
        return np.zeros((len(texts), 1), np.float32)

    def warm(self) -> None:
        """Nothing is loaded."""


class EmbedderMigration:
    """The embedder in service, itself a ``core.ports.Embedder``, and the new one while a migration runs.

    It is the ``core.ports.PassageEmbedders`` of a running bot.
    """

    def __init__(self, embedder: Embedder, former: Embedder | None = None, second: Embedder | None = None) -> None:
        """Serve with ``former`` until ``change_over``, where there is one."""
        self.latest = embedder
        self.second = second
        self._former = former

    def __repr__(self) -> str:
        return f"EmbedderMigration({self.id!r})"

    @property
    def serving(self) -> Embedder:
        """Return the embedder in service."""
        return self._former or self.latest

    @property
    def is_under_way(self) -> bool:
        """Return whether the former embedder still serves."""
        return self._former is not None

    @property
    def writing(self) -> tuple[Embedder, ...]:
        """Return the embedders that a new passage is embedded with, the one in service first."""
        if self._former is None or self._former.id == ANY_EMBEDDER:
            return (self.latest,)
        return (self._former, self.latest)

    async def require_comparable(self, space: SpaceId) -> None:
        """Raise nothing: every stored passage has a vector of the embedder in service, or gets one."""

    def change_over(self) -> None:
        """Put the new embedder in service."""
        self._former = None

    @property
    def id(self) -> str:
        """Name the embedder in service."""
        return self.serving.id

    @property
    def dim(self) -> int:
        """Return the length of its vectors."""
        return self.serving.dim

    def embed_query(self, text: str) -> Vector:
        """Embed one question, shape ``(dim,)``."""
        return self.serving.embed_query(text)

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Embed passages, shape ``(len(texts), dim)``."""
        return self.serving.embed_passages(texts)

    def warm(self) -> None:
        """Load the embedder in service, and the second one."""
        self.serving.warm()
        if self.second is not None:
            self.second.warm()


class MigratingSearcher:
    """Searches with the embedder in service: a ``core.ports.Searcher``. Both embedders' indexes share a folder."""

    def __init__(
        self,
        migration: EmbedderMigration,
        store: PassageStore,
        index_dir: Path,
        fusion_of: FusionLookup = fusion_for,
        second_vectors: SecondVectorStore | None = None,
    ) -> None:
        """Search with the second embedder where the migration has one and its vectors are stored."""
        self._migration = migration
        second = SecondEmbedder(migration.second, second_vectors) if migration.second and second_vectors else None
        self._latest = HybridSearcher(migration.latest, store, index_dir, fusion_of=fusion_of, second=second)
        self._former = (
            HybridSearcher(migration.serving, store, index_dir, fusion_of=fusion_of) if migration.is_under_way else None
        )

    async def search(self, scope: Scope, query: str, language: Language) -> SearchResult:
        """Return the passages of ``scope`` nearest to ``query``, best first."""
        return await (self._former or self._latest).search(scope, query, language)

    async def nearest(self, space: SpaceId, ids: Sequence[int], n: int) -> Mapping[int, Sequence[int]]:
        """Return the ids of the ``n`` passages of the space nearest to each of these; gone ones are left out."""
        return await (self._former or self._latest).nearest(space, ids, n)

    async def change_over(self, spaces: Sequence[SpaceId]) -> None:
        """Build the new embedder's indexes of ``spaces``, then put them and it in service at once."""
        for space in spaces:
            await self._latest.prepare(space)
        former, self._former = self._former, None
        self._migration.change_over()
        if former is not None:
            await former.close()
        await self._latest.tidy()

    async def drop(self, space: SpaceId) -> None:
        """Remove a space's indexes and cached passages, in memory and on disk."""
        for searcher in filter(None, (self._former, self._latest)):
            await searcher.drop(space)

    async def close(self) -> None:
        """Write the indexes to disk."""
        for searcher in filter(None, (self._former, self._latest)):
            await searcher.close()


@dataclass(frozen=True, slots=True)
class MigratingGate:
    """The gate of the embedder in service: a ``core.ports.Gate``."""

    migration: EmbedderMigration
    former: Gate
    latest: Gate

    def decide(self, found: SearchResult) -> Decision:
        """Return a band with a confidence and its reasons."""
        return (self.former if self.migration.is_under_way else self.latest).decide(found)
