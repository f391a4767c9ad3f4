"""Question map: moves a question's vector towards the passages that answer questions like it.

Members ask in words that documents do not use, and an embedder trained on tidy questions puts many of theirs beside the
wrong passage. The map is a layer of ``tanh``-approximated GELUs on top of a question's vector; passages, and so the
index, stay as they are. Fitted by ``bench/question_map_fit.py``; ``question_map.json`` names what on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import IO, Any

import numpy as np

from core.types import Matrix, Vector

_NAME = "question_map"


@dataclass(frozen=True, slots=True)
class QuestionMap:
    """``q + gelu(q @ inner + bias) @ outer``, L2-normalised; ``inner``: ``(dim, n)``, ``outer``: ``(n, dim)``."""

    inner: Matrix
    bias: Vector
    outer: Matrix

    def __call__(self, question: Vector) -> Vector:
        """Return the moved vector of a question, shape ``(dim,)``."""
        moved = question + _gelu(question @ self.inner + self.bias) @ self.outer
        return np.asarray(moved / max(float(np.linalg.norm(moved)), 1e-12), np.float32)


QuestionMapLookup = Callable[[str], QuestionMap | None]
"""Returns the map fitted for an embedder's id, ``None`` where none was."""


@cache
def question_map_for(embedder_id: str) -> QuestionMap | None:
    """Return the shipped map where it was fitted for the embedder's family, else ``None``."""
    folder = files("core.retrieval")
    told: dict[str, Any] = json.loads((folder / f"{_NAME}.json").read_text(encoding="utf-8"))
    if not embedder_id.startswith(told["id_prefix"]):
        return None
    with (folder / f"{_NAME}.npz").open("rb") as file:
        return read_question_map(file)


def read_question_map(file: IO[bytes]) -> QuestionMap:
    """Return the map in an ``.npz`` file that ``write_question_map`` wrote."""
    with np.load(file, allow_pickle=False) as kept:
        return QuestionMap(*(kept[name].astype(np.float32) for name in ("inner", "bias", "outer")))


def write_question_map(fitted: QuestionMap, file: IO[bytes]) -> None:
    """Write a map as an ``.npz`` file, at half precision."""
    np.savez(file, inner=np.float16(fitted.inner), bias=np.float16(fitted.bias), outer=np.float16(fitted.outer))


def _gelu(values: Vector) -> Vector:
    cubed = values * values * values
    return np.asarray(0.5 * values * (1 + np.tanh(np.sqrt(2 / np.pi) * (values + 0.044715 * cubed))), np.float32)
