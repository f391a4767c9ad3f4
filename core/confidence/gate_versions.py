"""Refitted coefficients as numbered, immutable files of the data folder, one of them in use.

``v0001.json``, ``v0002.json`` … hold coefficients and the search's weight that they were fitted with, each with the
version it replaced; ``in_use`` holds a number.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.atomic_file import write_atomically
from core.confidence.calibrate import Coefficients, read_coefficients, shipped
from core.errors import BadInput

log = logging.getLogger(__name__)

SHIPPED = 0
"""Version number of the coefficients that ship with AION."""


class GateVersions:
    """The versions in ``folder``, which the first ``save`` creates."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def version(self) -> int:
        """Return the version in use; ``SHIPPED`` where none is."""
        try:
            return int(self._pointer.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return SHIPPED

    def current(self, embedder_id: str, reader_id: str = "") -> Coefficients:
        """Return the coefficients in use for an embedder with a reader, or without one.

        They are the shipped ones where none were tuned for both, or where this version of AION has other features.
        """
        default, version = shipped(embedder_id, reader_id), self.version
        if version == SHIPPED:
            return default
        try:
            tuned = read_coefficients(self._row(version)["coefficients"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("tuned coefficients v%d cannot be read, the shipped ones are used: %s", version, error)
            return default
        if tuned.reader != default.reader:
            return default
        if tuned.embedder != embedder_id or set(tuned.weights) != set(default.weights):
            log.warning("tuned coefficients v%d are for another embedder or version: run `aion tune` again", version)
            return default
        return tuned

    def nats_per_cosine(self, embedder_id: str) -> float | None:
        """Return the weight of cosines against BM25 tuned for an embedder; ``None`` where the shipped one is in use."""
        version = self.version
        try:
            row = self._row(version) if version != SHIPPED else {}
            is_tuned = row.get("nats_per_cosine") and row["coefficients"]["embedder"] == embedder_id
            return float(row["nats_per_cosine"]) if is_tuned else None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("the search's weight of v%d cannot be read, the shipped one is used: %s", version, error)
            return None

    def save(self, coefficients: Coefficients, nats_per_cosine: float | None = None) -> int:
        """Store coefficients, and the search's weight, as a new version, put it in use, and return its number."""
        self._folder.mkdir(parents=True, exist_ok=True)
        version = max((int(path.stem[1:]) for path in self._folder.glob("v[0-9]*.json")), default=SHIPPED) + 1
        row = {"version": version, "replaces": self.version, "coefficients": asdict(coefficients)}
        row["nats_per_cosine"] = nats_per_cosine
        write_atomically(self._path(version), json.dumps(row, indent=1).encode())
        self._use(version)
        return version

    def rollback(self) -> int:
        """Put the version back in use that the current one replaced, and return its number.

        Raises ``BadInput`` when the shipped coefficients are in use.
        """
        version = self.version
        if version == SHIPPED:
            raise BadInput("tune.nothing_to_undo")
        try:
            before = int(self._row(version)["replaces"])
        except (OSError, ValueError, KeyError, TypeError):
            before = SHIPPED
        self._use(before)
        return before

    @property
    def _pointer(self) -> Path:
        return self._folder / "in_use"

    def _path(self, version: int) -> Path:
        return self._folder / f"v{version:04}.json"

    def _row(self, version: int) -> Mapping[str, Any]:
        row = json.loads(self._path(version).read_text(encoding="utf-8"))
        if not isinstance(row, dict):
            raise TypeError("not an object")
        return row

    def _use(self, version: int) -> None:
        write_atomically(self._pointer, str(version).encode())
