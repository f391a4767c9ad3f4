"""Passages of invented words with random vectors: the store and the search without texts and models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.storage.documents import Documents, NewDocument
from core.storage.embeddings.embedded_chunks import EmbeddedChunks
from core.types import Chunk, Matrix, SpaceId, Vector

SPACE = SpaceId("bench")
DIM = 384


def unit_vectors(draw: np.random.Generator, n: int) -> Matrix:
    """Draw ``n`` random unit vectors, shape ``(n, DIM)``."""
    rows = draw.standard_normal((n, DIM), np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class StubEmbedder:
    """Random vectors, so that only the search is timed."""

    id = "stub"
    dim = DIM

    def __init__(self) -> None:
        self._draw = np.random.default_rng(1)

    def embed_query(self, text: str) -> Vector:
        vector: Vector = unit_vectors(self._draw, 1)[0]
        return vector

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        return unit_vectors(self._draw, len(texts))

    def warm(self) -> None:
        """Nothing is loaded."""


class ZipfWords:
    """Texts of invented words whose frequencies follow Zipf's law."""

    def __init__(self, n_words: int = 30_000) -> None:
        self._draw = np.random.default_rng(2)
        self._words = np.array([f"w{n:05d}q" for n in range(n_words)])
        weights = 1 / np.arange(1, n_words + 1)
        self._weights = weights / weights.sum()

    def text(self, n_words: int) -> str:
        """Draw a text."""
        return " ".join(self._draw.choice(self._words, n_words, p=self._weights))


async def store(documents: Documents, name: str, texts: Sequence[str], vectors: Matrix, space: SpaceId = SPACE) -> None:
    """Store a document with one passage for each text, and its vectors, shape ``(len(texts), DIM)``."""
    chunks = [Chunk(text, 0, len(text)) for text in texts]
    new = NewDocument(name, name, name, "text", "en", "\n".join(texts))
    await documents.store(space, new, EmbeddedChunks(chunks, ["en"] * len(chunks), vectors, StubEmbedder.id))
