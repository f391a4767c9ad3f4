"""Embedding the texts of new passages by every embedder that they are stored with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from core.knowledge.prepare import BATCH_PASSAGES, PreparedDocument
from core.offload import offload
from core.ports import Embedder, PassageEmbedders
from core.storage.embeddings.embedded_chunks import ChunkVectors, EmbeddedChunks
from core.storage.passages import Passages
from core.types import SpaceId


@dataclass(frozen=True, slots=True)
class SoleEmbedder:
    """The only embedder that new passages get vectors of (``core.ports.PassageEmbedders``)."""

    embedder: Embedder
    passages: Passages
    second: Embedder | None = None

    @property
    def writing(self) -> tuple[Embedder, ...]:
        """Return the embedder."""
        return (self.embedder,)

    async def require_comparable(self, space: SpaceId) -> None:
        """Raise ``Unavailable`` when a passage of ``space`` has a vector of another embedder."""
        await self.passages.require_embedder(space, self.embedder.id)


@dataclass(frozen=True, slots=True)
class TextVectors:
    """Vectors of the same texts: ``written`` as in ``PassageEmbedders.writing``, and ``second`` where there is one."""

    written: tuple[ChunkVectors, ...]
    second: ChunkVectors | None

    def split(self, ends: NDArray[np.intp]) -> list[TextVectors]:
        """Return the vectors of the texts up to each of ``ends``, and of the rest."""
        seconds = self.second.split(ends) if self.second else repeat(None)
        written = zip(*(each.split(ends) for each in self.written), strict=True)
        return [TextVectors(some, second) for some, second in zip(written, seconds, strict=False)]

    def of(self, document: PreparedDocument) -> EmbeddedChunks:
        """Return the chunks of a document, whose vectors these are."""
        own, *coming = self.written
        successor = coming[0] if coming else None
        chunks, languages = document.chunks, document.languages
        return EmbeddedChunks(chunks, languages, own.vectors, own.embedder_id, successor, self.second)


async def embed_texts(embedders: PassageEmbedders, texts: Sequence[str]) -> TextVectors:
    """Embed texts with each embedder. Raises ``Unavailable`` when a model cannot be loaded."""
    written = [await _embed(embedder, texts) for embedder in embedders.writing]
    second = embedders.second
    return TextVectors(tuple(written), None if second is None else await _embed(second, texts))


async def _embed(embedder: Embedder, texts: Sequence[str]) -> ChunkVectors:
    parts = [
        await offload(embedder.embed_passages, texts[first : first + BATCH_PASSAGES])
        for first in range(0, len(texts), BATCH_PASSAGES)
    ]
    vectors = np.concatenate(parts) if parts else np.empty((0, embedder.dim), np.float32)
    return ChunkVectors(vectors, embedder.id)
