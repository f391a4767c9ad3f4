"""Nearest passages by cosine: FAISS over one space's vectors.

Vectors are held at half precision, which moves a cosine by about 0.00001. Up to ``N_EXACT`` of them are compared one
by one. Beyond that a scan over vectors of two bits a number (product quantisation in registers, André et al. 2015)
proposes ``N_PROPOSED`` of them, and those are compared. It needs no graph: it is trained in seconds, grows in
microseconds, and its recall does not hang on how the vectors lie.
Does not cover where the vectors come from or when the file is stale (``core.retrieval.index``).
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from core.types import Matrix, Vector

Ids = NDArray[np.int64]

N_EXACT = 200_000
"""Comparing so many takes as long as everything else in a search together."""

N_PROPOSED = 1_000
_N_TRAINING = 20_000

_GONE = -1
_MAX_GONE = 500
"""Removed vectors are only marked until there are so many: closing the gap moves the whole index."""


@contextmanager
def _one_thread() -> Iterator[None]:
    """Have FAISS compute in the calling thread alone.

    For one question its threads mostly wait for each other, and where the processors have other work too, four times
    as long as the whole search takes.
    """
    n_threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(n_threads)


class DenseIndex:
    """Vectors by passage id. Not to be changed by one thread while another reads it."""

    def __init__(self, dim: int, n_exact: int = N_EXACT) -> None:
        self._dim = dim
        self._n_exact = n_exact
        self._stored = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        self._scan: Any = None
        self._ids: Ids = np.empty(0, np.int64)
        self._n_gone = 0
        self._order: Ids | None = None

    def __len__(self) -> int:
        """Return how many vectors it holds."""
        return len(self._ids) - self._n_gone

    @property
    def n_bytes(self) -> int:
        """Return what the vectors take in memory."""
        return len(self._ids) * (self._stored.code_size + (self._scan.code_size if self._scan else 0))

    def add(self, ids: Sequence[int], vectors: Matrix) -> None:
        """Add vectors, shape ``(len(ids), dim)``; an id already there gets its new one."""
        self.remove(ids)
        vectors = np.ascontiguousarray(vectors, np.float32)
        self._stored.add(vectors)
        if self._scan:
            self._scan.add(vectors)
        self._ids = np.concatenate([self._ids, np.asarray(ids, np.int64)])
        self._order = None

    def remove(self, ids: Collection[int]) -> None:
        """Remove vectors; unknown ids are ignored."""
        wanted = np.fromiter(ids, np.int64, len(ids))
        places, is_known = self._find(wanted)
        gone = np.unique(places[is_known])
        if not len(gone):
            return
        self._ids[gone] = _GONE
        self._n_gone += len(gone)
        self._order = None
        if self._n_gone > _MAX_GONE:
            self._close_gaps()

    def build(self) -> None:
        """Prepare for search what has grown beyond comparing one by one; else nothing."""
        if self._scan or len(self) <= self._n_exact:
            return
        self._close_gaps()
        n_pairs = self._dim // 2 if self._dim % 2 == 0 else self._dim
        self._scan = faiss.IndexPQFastScan(self._dim, n_pairs, 4, faiss.METRIC_INNER_PRODUCT)
        places = np.random.default_rng(0).permutation(len(self._ids))[:_N_TRAINING]
        self._scan.train(self._stored.reconstruct_batch(np.sort(places)))
        for first in range(0, len(self._ids), _N_TRAINING):
            n_rows = min(_N_TRAINING, len(self._ids) - first)
            self._scan.add(self._stored.reconstruct_n(first, n_rows))

    def search(self, query: Vector, limit: int) -> tuple[Ids, Vector]:
        """Return the ids of the ``limit`` nearest vectors, best first, and their cosines to ``query``."""
        if not len(self):
            return np.empty(0, np.int64), np.empty(0, np.float32)
        with _one_thread():
            places, cosines = self._nearest(np.ascontiguousarray(query[None], np.float32), limit)
        ids = self._ids[places]
        is_here = ids != _GONE
        return ids[is_here][:limit], cosines[is_here][:limit]

    def _nearest(self, row: Matrix, limit: int) -> tuple[Ids, Vector]:
        """Return the places and cosines of at least ``limit`` nearest vectors that are not gone, best first."""
        if self._scan:
            _, proposed = self._scan.search(row, min(max(N_PROPOSED, limit) + self._n_gone, len(self._ids)))
            places = proposed[0][proposed[0] >= 0]
            cosines = np.asarray(self._stored.reconstruct_batch(places) @ row[0])
            order = np.argsort(-cosines, kind="stable")
            places, cosines = places[order], cosines[order]
        else:
            found = self._stored.search(row, min(limit + self._n_gone, len(self._ids)))
            cosines, places = found[0][0], found[1][0]
        return places, cosines

    def vectors(self, ids: Collection[int]) -> tuple[list[int], Matrix]:
        """Return those of ``ids`` that are here, in their order, and their vectors, shape ``(n, dim)``."""
        wanted = np.fromiter(ids, np.int64, len(ids))
        places, is_known = self._find(wanted)
        return wanted[is_known].tolist(), np.asarray(self._stored.reconstruct_batch(places[is_known]), np.float32)

    def all(self) -> tuple[Ids, Matrix]:
        """Return every id, in no particular order, and its vector, shape ``(len, dim)``."""
        ids = self._ids[self._ids != _GONE]
        return ids, self.vectors(ids)[1]

    def _find(self, wanted: Ids) -> tuple[Ids, NDArray[np.bool_]]:
        """Return the place of each id, and whether it has one."""
        if not len(wanted) or not len(self._ids):
            return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
        if self._order is None:
            self._order = np.argsort(self._ids, kind="stable")
        found = np.searchsorted(self._ids, wanted, sorter=self._order)
        places: Ids = self._order[np.minimum(found, len(self._ids) - 1)]
        return places, (self._ids[places] == wanted) & (wanted != _GONE)

    def _close_gaps(self) -> None:
        gone = np.flatnonzero(self._ids == _GONE)
        if not len(gone):
            return
        for index in filter(None, (self._stored, self._scan)):
            index.remove_ids(faiss.IDSelectorBatch(gone))
        self._ids = self._ids[self._ids != _GONE]
        self._n_gone = 0
        self._order = None

    def save(self, path: Path) -> None:
        """Write everything to ``path``, whole or not at all."""
        self._close_gaps()
        partial = path.with_suffix(".partial")
        size = len(self._ids) * self._stored.code_size
        codes = faiss.rev_swig_ptr(self._stored.codes.data(), size).view(np.float16).reshape(-1, self._dim)
        scan = faiss.serialize_index(self._scan) if self._scan else np.empty(0, np.uint8)
        with partial.open("wb") as file:
            np.savez(file, ids=self._ids, vectors=codes, scan=scan)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path, dim: int, n_exact: int = N_EXACT) -> DenseIndex:
        """Read what ``save`` wrote. Raises ``ValueError`` when it is damaged or of another dimension."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                # a zip file: every array carries its checksum
                ids, vectors = arrays["ids"], arrays["vectors"]
                scan = faiss.deserialize_index(arrays["scan"]) if len(arrays["scan"]) else None
        except (OSError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile) as error:
            raise ValueError(f"unreadable vectors in {path.name}: {error}") from error
        if vectors.shape != (len(ids), dim) or vectors.dtype != np.float16:
            raise ValueError(f"vectors of shape {vectors.shape} in {path.name}, not {(len(ids), dim)}")
        index = cls(dim, n_exact)
        index._ids, index._scan = ids, scan
        index._stored.add_sa_codes(vectors.view(np.uint8))
        return index
