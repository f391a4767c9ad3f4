"""Reader of passages, loaded in the background: each passage is read in its likeliest window, by itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from core.errors import Unavailable
from core.models.catalog import DEFAULT_EMBEDDER, Tell, e5_folder
from core.models.hub import loading_model
from core.models.installation import is_installed
from core.models.lazy import LazyValue
from core.ports import Embedder, Reader
from core.retrieval.reading.window_lead import WindowLead
from core.retrieval.reading.windows import windows_to_read
from core.types import AnalyzedQuestion, Passage

log = logging.getLogger(__name__)

OWN = "match-1"
"""Id of AION's own reader; the number increases with every refit."""

N_WINDOWS = 1
"""Windows read of a passage: with two, a judgement takes two thirds longer, and the order is no better."""

UNREAD = -3.0
"""Evidence of what was not read: the reader's of an empty text."""

MOST = 8.0
"""Bound of the evidence, so that no single reading overrules the search altogether."""


class PassageReader:
    """A ``core.ports.Reader`` that reads nothing until its model is loaded, so that no question waits for that."""

    def __init__(self, id_: str, load: Callable[[], Any], second: Embedder | None = None) -> None:
        """``load`` returns a ``core.retrieval.reading.window_reader.WindowReader``, or something like it.

        Without a ``second`` embedder no lead is known.
        """
        self._id = id_
        self._lead = None if second is None else WindowLead(second)
        self._model = LazyValue(load)

    def __repr__(self) -> str:
        return f"PassageReader({self._id!r})"

    @property
    def id(self) -> str:
        """Name the model."""
        return self._id

    def evidence(self, question: AnalyzedQuestion, passages: Sequence[Passage]) -> Sequence[float] | None:
        """Return each passage's log-odds, those of its best window; ``None`` while the model is not loaded. Blocks."""
        if not self._model.is_made:
            return None
        asked = {prefix for term in question.terms for prefix in term.prefixes}
        chosen = [windows_to_read(passage, asked, N_WINDOWS) for passage in passages]
        told = iter(self._model.get().log_odds(question.text, [window for each in chosen for window in each]))
        best = (max((next(told) for _ in windows), default=UNREAD) for windows in chosen)
        return [max(-MOST, min(MOST, each)) for each in best]

    def lead(self, question: AnalyzedQuestion, passages: Sequence[Passage]) -> float | None:
        """Return the lead of the nearest passage; ``None`` without a second embedder, or as ``evidence`` is. Blocks."""
        return self._lead.of(question, passages) if self._lead is not None and self._model.is_made else None

    def warm(self) -> None:
        """Load the model; a failure is logged."""
        try:
            self._model.get()
        except Unavailable as error:
            log.warning("nothing is read before answering: %s", error)


def open_reader(
    name: str, embedder_id: str, models_dir: Path, tell: Tell, second: Embedder | None = None
) -> Reader | None:
    """Return AION's own reader for ``auto`` with the default embedder and torch, loaded by ``warm``; else ``None``.

    The ``second`` embedder, if any, tells the lead.
    """
    if name == "off" or not embedder_id.startswith(DEFAULT_EMBEDDER) or not is_installed("torch"):
        return None
    return PassageReader(OWN, lambda: _open(models_dir, tell), second)


def _open(models_dir: Path, tell: Tell) -> Any:
    folder = e5_folder(models_dir, tell)
    with loading_model(DEFAULT_EMBEDDER, "AION_READER"):
        from core.retrieval.reading.window_reader import open_window_reader

        return open_window_reader(folder)
