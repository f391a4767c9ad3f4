"""Labelled sets in a real database with a real searcher, for the benchmarks of retrieval and of the gate.

Embeddings are cached by content under ``CACHE`` (outside the repository), so that a second run takes seconds.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from core.evaluation.dataset import LabelledDocument
from core.language import detect_language
from core.ports import Embedder
from core.retrieval.chunk import chunk, searched_text
from core.storage.documents import Documents, Embedded, NewDocument
from core.types import Matrix, SpaceId, Vector


class CachedEmbedder:
    """An embedder whose vectors are looked up before they are computed."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self.id = embedder.id
        self.dim = embedder.dim
        self._embedder = embedder
        path.parent.mkdir(parents=True, exist_ok=True)
        self._cache = sqlite3.connect(path, check_same_thread=False, timeout=60)
        self._cache.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB)")

    def embed_query(self, text: str) -> Vector:
        """Embed one question, shape ``(dim,)``."""
        return self._all("query", [text], lambda texts: np.stack([self._embedder.embed_query(t) for t in texts]))[0]

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Embed passages, shape ``(len(texts), dim)``."""
        return self._all("passage", texts, self._embedder.embed_passages)

    def _all(self, kind: str, texts: Sequence[str], embed: Callable[[Sequence[str]], Matrix]) -> Matrix:
        keys = [hashlib.sha256(f"{self.id}\0{kind}\0{text}".encode()).hexdigest() for text in texts]
        known = {key: vector for key in keys if (vector := self._read(key)) is not None}
        todo = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if todo:
            known |= dict(zip(todo, embed(list(todo.values())), strict=True))
            rows = [(key, known[key].astype("<f4").tobytes()) for key in todo]
            self._cache.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
            self._cache.commit()
        return np.stack([known[key] for key in keys])

    def _read(self, key: str) -> Vector | None:
        row = self._cache.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
        return np.frombuffer(row[0], "<f4") if row else None


async def store_documents(
    documents: Documents, embedder: Embedder, space: SpaceId, corpus: Sequence[LabelledDocument]
) -> None:
    """Chunk, embed and store a corpus in a space; each document's name is its id."""
    for document in corpus:
        language = detect_language(document.text)
        chunks = chunk(document.text)
        vectors = embedder.embed_passages([searched_text(document.title, c.heading, c.text) for c in chunks])
        languages = [detect_language(c.text, language) for c in chunks]
        new = NewDocument(document.id, document.id, document.title, "text", language, document.text)
        await documents.store(space, new, Embedded(chunks, languages, vectors, embedder.id))
