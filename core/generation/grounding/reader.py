"""Readers (``core.ports.Reader``): log-odds that the hits answer the question.

AION's own is an answerability probe on hidden states of the default language model (``core.models.reader``); any
extractive question answering or cross-encoder model of the hub can replace it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from core.errors import Unavailable
from core.generation.grounding.excerpt import excerpt
from core.models.catalog import DEFAULT_EMBEDDER, Tell, packaged_gguf
from core.models.heavy_imports import transformers_lock
from core.models.hub import loading_model
from core.models.lazy import LazyValue
from core.ports import Reader
from core.types import SearchResult

log = logging.getLogger(__name__)

OWN = "smollm2-135m-probe-1"
"""Id of AION's own reader; the number increases with every refit."""

_SETTING = "AION_READER"

_FITTED_PAIRS = frozenset({("en", "en"), ("pt", "pt"), ("pt", "en")})
"""Languages of question and best passage that AION's own reader was fitted on. No labelled set asks in English about
Portuguese documents."""


class ModelReader:
    """Scores the excerpt of a search result with a model; does nothing until the model is loaded.

    Its time is bounded by the excerpt's size (``core.generation.grounding.excerpt.MAX_CHARS``).
    """

    def __init__(
        self, id_: str, load: Callable[[], Any], can_read: Callable[[SearchResult], bool] = lambda found: True
    ) -> None:
        """``load`` returns something with ``log_odds(question, text)``, as ``core.models.reader`` has it."""
        self._id = id_
        self._model = LazyValue(load)
        self._can_read = can_read

    def __repr__(self) -> str:
        return f"ModelReader({self._id!r})"

    @property
    def id(self) -> str:
        """Name the model."""
        return self._id

    def read(self, found: SearchResult) -> float | None:
        """Return the log-odds that the excerpt answers; ``None`` while not loaded, or without a readable excerpt."""
        if not self._model.is_made or not self._can_read(found):
            return None
        text = excerpt(found)
        return float(self._model.get().log_odds(found.question.text, text)) if text else None

    def warm(self) -> None:
        """Load the model; a failure is logged."""
        try:
            self._model.get()
        except Unavailable as error:
            log.warning("nothing is read before answering: %s", error)


def open_reader(name: str, embedder_id: str, tell: Tell) -> Reader | None:
    """Return the reader of that name: ``None`` for ``off``, else a hub model by its id, loaded on first use.

    ``auto`` is AION's own with the default embedder, whose gate it was fitted with, else ``None``.
    """
    if name == "auto":
        is_fitted = embedder_id.startswith(DEFAULT_EMBEDDER)
        return ModelReader(OWN, _open_own, _is_fitted_pair) if is_fitted else None
    return None if name == "off" else ModelReader(name, lambda: _open_from_hub(name, tell))


def _is_fitted_pair(found: SearchResult) -> bool:
    return bool(found.hits) and (found.question.language, found.hits[0].passage.language) in _FITTED_PAIRS


def _open_own() -> Any:
    path = packaged_gguf()
    with loading_model(OWN, _SETTING), transformers_lock:
        from core.models.reader import ProbedReader

        return ProbedReader(path)


def _open_from_hub(name: str, tell: Tell) -> Any:
    with loading_model(name, _SETTING), transformers_lock:
        from core.models.hub_reader import open_hub_reader

        return open_hub_reader(name, lambda: tell("models.downloading"))
