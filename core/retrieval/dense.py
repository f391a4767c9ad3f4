"""Dense index: nearest neighbours by cosine over one space's vectors, in FAISS.

Vectors are stored in float16, which changes a cosine by about 1e-5. Up to ``N_EXACT`` of them the search is exact.
Beyond, a product-quantised scan at two bits a dimension (PQ FastScan, André et al. 2015) proposes ``N_PROPOSED``, which
are compared exactly. Unlike a graph it trains in seconds, adds in microseconds, and its recall does not depend on the
distribution of the vectors.
Does not cover where the vectors come from or when the file is stale (``core.retrieval.index``).
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from core.types import Matrix, Vector

Ids = NDArray[np.int64]

N_EXACT = 200_000
"""Vectors up to which search is exact; at this size it takes as long as the rest of a search."""

N_PROPOSED = 1_000
"""Candidates of the quantised scan that are compared exactly."""

_N_TRAINING = 20_000

_REMOVED = -1
_MAX_REMOVED = 500
"""Removed vectors are only marked up to this many: compacting moves the whole index."""


@contextmanager
def _one_thread() -> Iterator[None]:
    """Have FAISS compute in the calling thread alone.

    For one query its threads mostly wait for each other; on a busy machine that costs four times the whole search.
    """
    n_threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(n_threads)


class VectorIndex(Protocol):
    """The vectors of one space's passages, searched by cosine. Thread-safe."""

    @property
    def n_bytes(self) -> int:
        """Return how much memory it takes, bytes."""
        ...

    def agrees_with(self, n_passages: int) -> bool:
        """Return whether it may hold the vectors of so many passages."""
        ...

    def add(self, ids: Sequence[int], vectors: Matrix) -> None:
        """Add vectors, shape ``(len(ids), dim)``; an id already there gets its new one."""
        ...

    def remove(self, ids: Collection[int]) -> None:
        """Remove vectors; unknown ids are ignored."""
        ...

    def build(self) -> None:
        """Make what was added and removed quick to search."""
        ...

    def candidates(self, query: Vector, limit: int, others: Collection[int]) -> tuple[list[int], Matrix]:
        """Return the ``limit`` nearest ids, best first, then those of ``others`` that are here; and their vectors."""
        ...

    def vectors(self, ids: Collection[int]) -> tuple[list[int], Matrix]:
        """Return those of ``ids`` that are here, in their order, and their vectors, shape ``(n, dim)``."""
        ...

    def save(self, path: Path) -> None:
        """Write everything to ``path`` atomically."""
        ...


class DenseIndex:
    """L2-normalised vectors by passage id in memory."""

    def __init__(self, dim: int, n_exact: int = N_EXACT) -> None:
        self._dim = dim
        self._n_exact = n_exact
        self._stored = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        self._scan: Any = None
        self._ids: Ids = np.empty(0, np.int64)
        self._n_removed = 0
        self._order: Ids | None = None
        self._lock = RLock()

    def __len__(self) -> int:
        """Return how many vectors it holds."""
        return len(self._ids) - self._n_removed

    @property
    def n_bytes(self) -> int:
        """Return the vectors' size in memory, bytes."""
        return len(self._ids) * (self._stored.code_size + (self._scan.code_size if self._scan else 0))

    def agrees_with(self, n_passages: int) -> bool:
        """Return whether it holds as many vectors."""
        return len(self) == n_passages

    def add(self, ids: Sequence[int], vectors: Matrix) -> None:
        """Add vectors, shape ``(len(ids), dim)``; an id already there gets its new one."""
        with self._lock:
            self._remove(ids)
            vectors = np.ascontiguousarray(vectors, np.float32)
            self._stored.add(vectors)
            if self._scan:
                self._scan.add(vectors)
            self._ids = np.concatenate([self._ids, np.asarray(ids, np.int64)])
            self._order = None

    def remove(self, ids: Collection[int]) -> None:
        """Remove vectors; unknown ids are ignored."""
        with self._lock:
            self._remove(ids)

    def _remove(self, ids: Collection[int]) -> None:
        wanted = np.fromiter(ids, np.int64, len(ids))
        places, is_known = self._find(wanted)
        gone = np.unique(places[is_known])
        if not len(gone):
            return
        self._ids[gone] = _REMOVED
        self._n_removed += len(gone)
        self._order = None
        if self._n_removed > _MAX_REMOVED:
            self._compact()

    def build(self) -> None:
        """Train the quantised scan where the index has outgrown exact search; else do nothing."""
        with self._lock:
            self._build()

    def _build(self) -> None:
        if self._scan or len(self) <= self._n_exact:
            return
        self._compact()
        n_pairs = self._dim // 2 if self._dim % 2 == 0 else self._dim
        self._scan = faiss.IndexPQFastScan(self._dim, n_pairs, 4, faiss.METRIC_INNER_PRODUCT)
        places = np.random.default_rng(0).permutation(len(self._ids))[:_N_TRAINING]
        self._scan.train(self._stored.reconstruct_batch(np.sort(places)))
        for first in range(0, len(self._ids), _N_TRAINING):
            n_rows = min(_N_TRAINING, len(self._ids) - first)
            self._scan.add(self._stored.reconstruct_n(first, n_rows))

    def candidates(self, query: Vector, limit: int, others: Collection[int]) -> tuple[list[int], Matrix]:
        """Return the ``limit`` nearest ids, best first, then those of ``others`` that are here; and their vectors."""
        with self._lock:
            nearest, _ = self.search(query, limit)
            return self.vectors(dict.fromkeys([*nearest.tolist(), *others]))

    def search(self, query: Vector, limit: int) -> tuple[Ids, Vector]:
        """Return the ids of the ``limit`` nearest vectors, best first, and their cosines to ``query``."""
        if not len(self):
            return np.empty(0, np.int64), np.empty(0, np.float32)
        with _one_thread():
            places, cosines = self._nearest(np.ascontiguousarray(query[None], np.float32), limit)
        ids = self._ids[places]
        is_here = ids != _REMOVED
        return ids[is_here][:limit], cosines[is_here][:limit]

    def _nearest(self, row: Matrix, limit: int) -> tuple[Ids, Vector]:
        """Return the rows and cosines of enough nearest vectors for ``limit`` that are not removed, best first."""
        if self._scan:
            _, proposed = self._scan.search(row, min(max(N_PROPOSED, limit) + self._n_removed, len(self._ids)))
            places = proposed[0][proposed[0] >= 0]
            cosines = np.asarray(self._stored.reconstruct_batch(places) @ row[0])
            order = np.argsort(-cosines, kind="stable")
            places, cosines = places[order], cosines[order]
        else:
            found = self._stored.search(row, min(limit + self._n_removed, len(self._ids)))
            cosines, places = found[0][0], found[1][0]
        return places, cosines

    def vectors(self, ids: Collection[int]) -> tuple[list[int], Matrix]:
        """Return those of ``ids`` that are here, in their order, and their vectors, shape ``(n, dim)``."""
        wanted = np.fromiter(ids, np.int64, len(ids))
        with self._lock:
            places, is_known = self._find(wanted)
            found = self._stored.reconstruct_batch(places[is_known])
        return wanted[is_known].tolist(), np.asarray(found, np.float32)

    def all(self) -> tuple[Ids, Matrix]:
        """Return every id, in no particular order, and its vector, shape ``(len, dim)``."""
        ids = self._ids[self._ids != _REMOVED]
        return ids, self.vectors(ids)[1]

    def _find(self, wanted: Ids) -> tuple[Ids, NDArray[np.bool_]]:
        """Return the row of each id, and whether it has one."""
        if not len(wanted) or not len(self._ids):
            return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
        if self._order is None:
            self._order = np.argsort(self._ids, kind="stable")
        found = np.searchsorted(self._ids, wanted, sorter=self._order)
        places: Ids = self._order[np.minimum(found, len(self._ids) - 1)]
        return places, (self._ids[places] == wanted) & (wanted != _REMOVED)

    def _compact(self) -> None:
        gone = np.flatnonzero(self._ids == _REMOVED)
        if not len(gone):
            return
        for index in filter(None, (self._stored, self._scan)):
            index.remove_ids(faiss.IDSelectorBatch(gone))
        self._ids = self._ids[self._ids != _REMOVED]
        self._n_removed = 0
        self._order = None

    def save(self, path: Path) -> None:
        """Write everything to ``path`` atomically."""
        self._compact()
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
