"""Exact nearest passages by cosine: FAISS's flat inner product over one space's vectors.

Does not cover where the vectors come from or when the file is stale (``core.retrieval.index``).
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Sequence
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from core.types import Matrix, Vector

Ids = NDArray[np.int64]


class DenseIndex:
    """Vectors by passage id. Not to be changed by one thread while another reads it."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._flat = faiss.IndexFlatIP(dim)
        self._ids: Ids = np.empty(0, np.int64)
        self._order: Ids | None = None

    def __len__(self) -> int:
        """Return how many vectors it holds."""
        return len(self._ids)

    @property
    def n_bytes(self) -> int:
        """Return what the vectors take in memory."""
        return len(self._ids) * self._dim * 4

    def add(self, ids: Sequence[int], vectors: Matrix) -> None:
        """Add vectors, shape ``(len(ids), dim)``; an id already there gets its new one."""
        self.remove(ids)
        self._flat.add(np.ascontiguousarray(vectors, np.float32))
        self._ids = np.concatenate([self._ids, np.asarray(ids, np.int64)])
        self._order = None

    def remove(self, ids: Collection[int]) -> None:
        """Remove vectors; unknown ids are ignored."""
        gone = np.isin(self._ids, np.fromiter(ids, np.int64, len(ids)))
        if gone.any():
            self._flat.remove_ids(faiss.IDSelectorBatch(np.flatnonzero(gone)))
            self._ids = self._ids[~gone]
            self._order = None

    def search(self, query: Vector, limit: int) -> tuple[Ids, Vector]:
        """Return the ids of the ``limit`` nearest vectors, best first, and their cosines to ``query``."""
        if not len(self._ids):
            return np.empty(0, np.int64), np.empty(0, np.float32)
        cosines, places = self._flat.search(np.ascontiguousarray(query[None], np.float32), min(limit, len(self)))
        return self._ids[places[0]], cosines[0]

    def vectors(self, ids: Sequence[int]) -> Matrix:
        """Return the vectors of these ids, shape ``(len(ids), dim)``. Raises ``KeyError`` on an unknown one."""
        return np.asarray(self._flat.reconstruct_batch(self._places(ids)), np.float32)

    def _places(self, ids: Sequence[int]) -> Ids:
        wanted = np.asarray(ids, np.int64)
        if not len(wanted):
            return wanted
        if self._order is None:
            self._order = np.argsort(self._ids, kind="stable")
        found = np.searchsorted(self._ids, wanted, sorter=self._order)
        places: Ids = self._order[np.minimum(found, len(self._ids) - 1)] if len(self._ids) else found
        if not len(self._ids) or (self._ids[places] != wanted).any():
            raise KeyError(f"ids not indexed among {ids!r}")
        return places

    def save(self, path: Path) -> None:
        """Write everything to ``path``, whole or not at all."""
        partial = path.with_suffix(".partial")
        vectors = faiss.rev_swig_ptr(self._flat.get_xb(), len(self._ids) * self._dim).reshape(-1, self._dim)
        with partial.open("wb") as file:
            np.savez(file, ids=self._ids, vectors=vectors)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path, dim: int) -> DenseIndex:
        """Read what ``save`` wrote. Raises ``ValueError`` when it is damaged or of another dimension."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                # a zip file: every array carries its checksum
                ids, vectors = arrays["ids"], arrays["vectors"]
        except (OSError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile) as error:
            raise ValueError(f"unreadable vectors in {path.name}: {error}") from error
        if vectors.shape != (len(ids), dim) or vectors.dtype != np.float32:
            raise ValueError(f"vectors of shape {vectors.shape} in {path.name}, not {(len(ids), dim)}")
        index = cls(dim)
        index.add(ids, vectors)
        return index
