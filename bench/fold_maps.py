"""Question maps that ``bench/question_map_fit.py`` fitted: for each collection one that has not seen it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from bench.fold_readers import FOLDS, head_name
from core.retrieval.question_map import QuestionMap, QuestionMapLookup, question_map_for, read_question_map


def no_map(embedder_id: str) -> QuestionMap | None:
    """Return none: questions are searched as they were embedded."""
    del embedder_id
    return None


class FoldMaps:
    """The maps in ``folder``. Raises ``FileNotFoundError`` when they were not fitted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folds: Mapping[str, int] = json.loads((folder / FOLDS).read_text(encoding="utf-8"))

    def of(self, collection: str) -> QuestionMapLookup:
        """Return the lookup of the map that was not fitted on a collection: the shipped one where none was."""
        if collection not in self._folds:
            return question_map_for
        with (self._folder / f"{head_name(self._folds[collection])}.npz").open("rb") as file:
            fitted = read_question_map(file)
        return lambda embedder_id: fitted
