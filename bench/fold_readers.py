"""Readers that ``bench/reader_fit.py`` trained: for each collection one that has not seen it. Readings are kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.models.lower_layers import LowerLayers
from core.models.match_head import read_head
from core.ports import Embedder, Reader
from core.retrieval.reading.passage_reader import OWN, PassageReader
from core.retrieval.reading.window_reader import WindowReader
from core.types import AnalyzedQuestion, Passage

FOLDS, ALL = "folds.json", "all"


def head_name(left_out: int | None) -> str:
    """Return the file's name, without suffix, of the head trained without a fold; of the one trained on all."""
    return ALL if left_out is None else f"without-{left_out}"


class KeptReader:
    """A ``core.ports.Reader`` of the head in ``file``, whose readings are kept beside it until the head changes."""

    id = OWN

    def __init__(self, file: Path, layers: LowerLayers, second: Embedder | None = None) -> None:
        data = file.read_bytes()
        with file.open("rb") as head:
            self.model = WindowReader(layers, read_head(head))
        self._reader = PassageReader(OWN, lambda: self.model, second)
        self._reader.warm()
        self._file = file.with_suffix(f".{hashlib.sha256(data).hexdigest()[:12]}.json")
        self._kept: dict[str, float] = json.loads(self._file.read_text("utf-8")) if self._file.exists() else {}

    def evidence(self, question: AnalyzedQuestion, passages: Sequence[Passage]) -> Sequence[float] | None:
        """Return each passage's log-odds."""
        keys = {_key(question, passage): passage for passage in passages}
        missing = {key: passage for key, passage in keys.items() if key not in self._kept}
        told = self._reader.evidence(question, list(missing.values())) or ()
        self._kept |= dict(zip(missing, told, strict=True))
        return [self._kept[_key(question, passage)] for passage in passages]

    def lead(self, question: AnalyzedQuestion, passages: Sequence[Passage]) -> float | None:
        """Return the lead of the nearest passage."""
        return self._reader.lead(question, passages)

    def warm(self) -> None:
        """Nothing is left to load."""

    def save(self) -> None:
        """Write the readings."""
        self._file.write_text(json.dumps(self._kept), encoding="utf-8")


class FoldReaders:
    """The heads in ``folder``. Raises ``FileNotFoundError`` when they were not trained."""

    def __init__(self, folder: Path, layers: LowerLayers, second: Embedder | None = None) -> None:
        self._folds: Mapping[str, int] = json.loads((folder / FOLDS).read_text(encoding="utf-8"))
        names = {head_name(fold) for fold in (*self._folds.values(), None)}
        self._readers = {name: KeptReader(folder / f"{name}.npz", layers, second) for name in names}

    def of(self, collection: str) -> Reader:
        """Return the reader that was not trained on a collection: the shipped one where none was."""
        return self._readers[head_name(self._folds.get(collection))]

    def save(self) -> None:
        """Write all readings."""
        for reader in self._readers.values():
            reader.save()


def _key(question: AnalyzedQuestion, passage: Passage) -> str:
    read = "\0".join((question.text, passage.document, passage.heading, passage.text))
    return hashlib.sha256(read.encode("utf-8", "replace")).hexdigest()[:24]
