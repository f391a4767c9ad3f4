"""Chunks of a text with their vectors, ready to be stored as passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.types import Chunk, Language, Matrix


@dataclass(frozen=True, slots=True)
class ChunkVectors:
    """The vectors of chunks by one embedder, shape ``(len(chunks), dim)``."""

    vectors: Matrix
    embedder_id: str

    def split(self, ends: NDArray[np.intp]) -> list[ChunkVectors]:
        """Return the vectors of the chunks up to each of ``ends``, and of the rest."""
        return [ChunkVectors(rows, self.embedder_id) for rows in np.split(self.vectors, ends)]


@dataclass(frozen=True, slots=True)
class EmbeddedChunks:
    """The chunks of a text with the language of each, and their vectors, shape ``(len(chunks), dim)``.

    ``successor`` has the vectors of the next embedder while a migration is under way, ``second`` those of the second
    embedder, where there is one.
    """

    chunks: Sequence[Chunk]
    languages: Sequence[Language]
    vectors: Matrix
    embedder_id: str
    successor: ChunkVectors | None = None
    second: ChunkVectors | None = None
