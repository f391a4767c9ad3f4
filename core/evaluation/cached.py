"""An embedder with a persistent cache of vectors by content."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock

import numpy as np

from core.ports import Embedder
from core.types import Matrix, Vector


class CachedEmbedder:
    """Caches every vector of ``embedder`` in the SQLite file ``path``, by embedder, kind (query, passage) and text."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self._embedder = embedder
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()
        self._cache = sqlite3.connect(path, check_same_thread=False, timeout=60)
        self._cache.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL)")

    @property
    def id(self) -> str:
        """Return the id of the cached embedder."""
        return self._embedder.id

    @property
    def dim(self) -> int:
        """Return the length of a vector."""
        return self._embedder.dim

    def embed_query(self, text: str) -> Vector:
        """Embed one question, shape ``(dim,)``."""
        row = self._all("query", [text], lambda texts: np.stack([self._embedder.embed_query(text) for text in texts]))
        return np.asarray(row[0], np.float32)

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Embed passages, shape ``(len(texts), dim)``."""
        return self._all("passage", texts, self._embedder.embed_passages)

    def warm(self) -> None:
        """Load the cached embedder."""
        self._embedder.warm()

    def close(self) -> None:
        """Close the file."""
        self._cache.close()

    def _all(self, kind: str, texts: Sequence[str], embed: Callable[[Sequence[str]], Matrix]) -> Matrix:
        if not texts:
            return np.empty((0, self.dim), np.float32)
        keys = [hashlib.sha256(f"{self.id}\0{kind}\0{text}".encode()).hexdigest() for text in texts]
        known = self._read(keys)
        todo = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if todo:
            new = dict(zip(todo, embed(list(todo.values())), strict=True))
            self._write(new)
            known |= new
        return np.stack([known[key] for key in keys])

    def _read(self, keys: Sequence[str]) -> dict[str, Vector]:
        with self._lock:
            found = [self._cache.execute("SELECT key, vector FROM vectors WHERE key = ?", (key,)) for key in set(keys)]
            return {key: np.frombuffer(vector, "<f4") for rows in found for key, vector in rows}

    def _write(self, vectors: Mapping[str, Vector]) -> None:
        rows = [(key, np.asarray(vector, "<f4").tobytes()) for key, vector in vectors.items()]
        with self._lock, self._cache:
            self._cache.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
