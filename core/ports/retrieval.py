"""Ports of retrieval: embedding text, reading stored passages, searching, judging and reranking what was found."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from core.types import (
    AnalyzedQuestion,
    Decision,
    Language,
    Matrix,
    Page,
    Passage,
    Scope,
    SearchResult,
    SpaceChanges,
    SpaceId,
    Vector,
)


class Embedder(Protocol):
    """Turns text into L2-normalised vectors. Its methods block and are safe to call from several threads."""

    @property
    def id(self) -> str:
        """Name the model and its settings; vectors of different ids never mix."""
        ...

    @property
    def dim(self) -> int:
        """Return the length of a vector."""
        ...

    def embed_query(self, text: str) -> Vector:
        """Embed one question, shape ``(dim,)``."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Embed passages in batches, shape ``(len(texts), dim)``."""
        ...

    def warm(self) -> None:
        """Load what is otherwise loaded when it is first needed."""
        ...


class PassageEmbedders(Protocol):
    """The embedders whose vectors a new passage is stored with."""

    @property
    def writing(self) -> tuple[Embedder, ...]:
        """Return them, the one in service first; during a migration its successor follows."""
        ...

    @property
    def second(self) -> Embedder | None:
        """Return the second embedder, which helps to rank what the first one and BM25 found; ``None`` without one."""
        ...

    async def require_comparable(self, space: SpaceId) -> None:
        """Raise ``Unavailable`` when the vectors stored in ``space`` cannot be compared with theirs."""
        ...


class VectorSearch(Protocol):
    """Search among the vectors where they are stored. Blocks; call it outside the event loop."""

    def candidates(
        self, space: SpaceId, embedder_id: str, query: Vector, limit: int, others: Collection[int]
    ) -> tuple[list[int], Matrix]:
        """Return the ``limit`` passages nearest to ``query``, best first, then those of ``others`` that are there.

        Each with its vector, row by row.
        """
        ...


class PassageStore(Protocol):
    """The database's searchable passages, as the derived indexes read them. Ids are never used twice.

    The revision is the change counter of one space: it grows, in the same transaction, with everything that makes a
    passage searchable (stored, approved, re-embedded) or stops it being so (removed, replaced, withdrawn).
    """

    async def revision(self, space: SpaceId) -> int:
        """Return the space's revision; 0 for one that never held a passage."""
        ...

    def revisions(self, spaces: Sequence[SpaceId]) -> Mapping[SpaceId, int]:
        """Return the revisions of those of ``spaces`` that ever held a passage. Called for every question: cheap.

        Blocks: for a thread that is off the event loop already.
        """
        ...

    async def changes(self, space: SpaceId, after: int, embedder_id: str) -> SpaceChanges:
        """Return what changed after revision ``after`` (0: everything searchable) among passages of that embedder."""
        ...

    async def count(self, space: SpaceId, embedder_id: str) -> int:
        """Return how many passages of that embedder are searchable. Walks through all of them."""
        ...

    async def embedded(self, space: SpaceId, ids: Sequence[int], embedder_id: str) -> tuple[Sequence[Passage], Matrix]:
        """Return these passages and their vectors, row by row, ascending by id; ones gone meanwhile are left out."""
        ...

    async def passages(self, space: SpaceId, ids: Sequence[int]) -> Sequence[Passage]:
        """Return these passages, in any order; ones gone meanwhile, and other spaces' ones, are left out."""
        ...

    def read(self, space: SpaceId, ids: Sequence[int]) -> Sequence[Passage]:
        """Return the same as ``passages``. Blocks: for a thread that is off the event loop already."""
        ...

    @property
    def vector_search(self) -> VectorSearch | None:
        """Return the search among the stored vectors; ``None`` where the database has none, and FAISS searches."""
        ...


class PageSource(Protocol):
    """Fetches web pages by their address."""

    async def fetch(self, url: str) -> Page:
        """Return the page at ``url``. Raises ``BadInput`` when it may not or cannot be had."""
        ...


class Searcher(Protocol):
    """Searches the passages that may be read at a place."""

    async def search(self, scope: Scope, query: str, language: Language) -> SearchResult:
        """Return the passages nearest to ``query``, best first."""
        ...


class Gate(Protocol):
    """Turns a search result into a confidence and a band: who may answer."""

    def decide(self, found: SearchResult) -> Decision:
        """Return a band with a confidence and its reasons."""
        ...


class Reader(Protocol):
    """Judges whether passages answer a question, each by itself. Its methods block; call them from any thread."""

    @property
    def id(self) -> str:
        """Name the model: readers differ in how much their log-odds mean."""
        ...

    def evidence(self, question: AnalyzedQuestion, passages: Sequence[Passage]) -> Sequence[float] | None:
        """Return the log-odds that each passage answers; ``None`` where nothing was read."""
        ...

    def lead(self, question: AnalyzedQuestion, passages: Sequence[Passage]) -> float | None:
        """Return how far one of the passages, all that were found, is ahead of the next; ``None`` where not known."""
        ...

    def warm(self) -> None:
        """Load what is otherwise loaded when it is first needed."""
        ...


class Reranker(Protocol):
    """Scores texts by how well they answer a question, higher for better. Blocks; call it from any thread."""

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """Return a score for each text."""
        ...
