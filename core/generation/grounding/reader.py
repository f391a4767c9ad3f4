"""Readers, which say whether what was found answers the question (``core.ports.Reader``).

AION's own listens to the default language model's inner layers (``core.models.reader``); any model of the hub that was
trained to answer questions from a text, or to judge pairs of texts, can stand in for it.
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
"""What AION's own reader is called; the number goes up when it is fitted anew."""

_SETTING = "AION_READER"

_LEARNED = frozenset({("en", "en"), ("pt", "pt"), ("pt", "en")})
"""Languages of question and best passage between which AION's own reader learned to read. No labelled set asks in
English about Portuguese documents, and there it finds nothing."""


class ModelReader:
    """Reads the likeliest sentences with a model, and nothing before the model is loaded: a question does not wait.

    Bounded by what it reads, about three sentences, however long the passages are.
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
        """Return the log-odds that the best sentences answer; ``None`` without a model, or anything it can read."""
        if not self._model.is_made or not self._can_read(found):
            return None
        text = excerpt(found)
        return float(self._model.get().log_odds(found.question.text, text)) if text else None

    def warm(self) -> None:
        """Load the model, if it can be."""
        try:
            self._model.get()
        except Unavailable as error:
            log.warning("nothing is read before answering: %s", error)


def open_reader(name: str, embedder_id: str, tell: Tell) -> Reader | None:
    """Return the reader that the setting asks for: none for ``off``, else a model by its id, loaded when first used.

    ``auto`` is AION's own beside the default embedder, with whose gate it was fitted, else none.
    """
    if name == "auto":
        is_fitted = embedder_id.startswith(DEFAULT_EMBEDDER)
        return ModelReader(OWN, _open_own, _has_learned_to_read) if is_fitted else None
    return None if name == "off" else ModelReader(name, lambda: _open_from_hub(name, tell))


def _has_learned_to_read(found: SearchResult) -> bool:
    return bool(found.hits) and (found.question.language, found.hits[0].passage.language) in _LEARNED


def _open_own() -> Any:
    path = packaged_gguf()
    with loading_model(OWN, _SETTING), transformers_lock:
        from core.models.reader import ProbedReader

        return ProbedReader(path)


def _open_from_hub(name: str, tell: Tell) -> Any:
    with loading_model(name, _SETTING), transformers_lock:
        from core.models.hub_reader import open_hub_reader

        return open_hub_reader(name, lambda: tell("models.downloading"))
