"""Everyday subjects: what people ask anybody, and documents of a community seldom answer (weather, recipes, football).

``everyday.txt`` names them, one a line, in every language; ``everyday.npz`` are their vectors by the default embedder,
which ``bench/everyday.py`` makes. A question nearer to one of them than to any passage is likely off topic.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import IO

import numpy as np

from core.types import Matrix, Vector


def everyday_cosine(question: Vector) -> float:
    """Return the cosine of a question to the nearest subject; -1 for a vector of another embedder's length."""
    subjects = _shipped()
    return float((subjects @ question).max()) if len(question) == subjects.shape[1] else -1.0


def everyday_subjects() -> tuple[str, ...]:
    """Return the subjects."""
    return tuple((files("core.confidence") / "everyday.txt").read_text(encoding="utf-8").splitlines())


def read_vectors(file: IO[bytes]) -> Matrix:
    """Return what ``write_vectors`` wrote."""
    with np.load(file, allow_pickle=False) as kept:
        return np.asarray(kept["subjects"], np.float32)


def write_vectors(vectors: Matrix, file: IO[bytes]) -> None:
    """Write vectors, shape ``(n_subjects, dim)``, at half precision."""
    np.savez(file, subjects=np.float16(vectors))


@cache
def _shipped() -> Matrix:
    with (files("core.confidence") / "everyday.npz").open("rb") as file:
        return read_vectors(file)
