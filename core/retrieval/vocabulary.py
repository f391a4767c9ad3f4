"""The words of a space's passages as written, and which of them are nearly a misspelt one.

Folded words of 4 to 24 Latin letters. Those of removed passages stay until the index is rebuilt; who asks checks that
a passage has the word. Does not cover which words are misspelt (``core.retrieval.speller``).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.retrieval.analyzer import fold

MIN_CHARS, MAX_CHARS = 4, 24
"""Shorter words have too many neighbours, and nobody types longer ones."""

_WORD = re.compile(rf"(?<![^\W_])[a-z]{{{MIN_CHARS},{MAX_CHARS}}}(?![^\W_])")
_DTYPE = f"S{MAX_CHARS}"

_MAX_PIECES = 200_000
"""Pieces of text between spaces that are kept until their words are looked up: about 20 MB."""

Words = NDArray[np.bytes_]
"""Distinct words, sorted, shape ``(n,)``."""


class Vocabulary:
    """The distinct words of the passages of one index."""

    def __init__(self, words: Words | None = None) -> None:
        self._words: Words = np.empty(0, _DTYPE) if words is None else words
        self._pieces: set[str] = set()

    def add(self, texts: Iterable[str]) -> None:
        """Add the words of texts."""
        self._pieces.update(*(text.split() for text in texts))
        if len(self._pieces) > _MAX_PIECES:
            self._merged()

    def near(self, word: str, max_edits: int) -> list[tuple[int, str]]:
        """Return the words up to ``max_edits`` edits from ``word`` with the same first letter, each with its edits.

        An edit is a letter inserted, left out, replaced, or swapped with the next (Damerau 1964).
        """
        words, chars = self._starting_with(word[:1]), np.frombuffer(word.encode("ascii"), np.uint8)
        letters = words.view(np.uint8).reshape(len(words), MAX_CHARS)
        near = words[np.abs((letters != 0).sum(1) - len(chars)) <= max_edits]
        letters = near.view(np.uint8).reshape(len(near), MAX_CHARS)
        near = near[(~np.isin(letters, chars) & (letters != 0)).sum(1) <= max_edits]
        letters = near.view(np.uint8).reshape(len(near), MAX_CHARS)
        n_missing = np.sum([~(letters == char).any(1) for char in np.unique(chars)], axis=0)
        found = ((edits(word, each, max_edits), each) for each in near[n_missing <= max_edits].astype(str).tolist())
        return [(n, each) for n, each in found if n <= max_edits]

    def save(self, path: Path) -> None:
        """Write the words to ``path`` atomically."""
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez_compressed(file, words=self._merged())
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read what ``save`` wrote. Raises ``ValueError`` when it is damaged."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                words = arrays["words"]
        except (OSError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile) as error:
            raise ValueError(f"unreadable words in {path.name}: {error}") from error
        if words.ndim != 1 or words.dtype != np.dtype(_DTYPE):
            raise ValueError(f"words of type {words.dtype} in {path.name}, not {_DTYPE}")
        return cls(words)

    def _starting_with(self, letter: str) -> Words:
        words, first = self._merged(), letter.encode("ascii")
        return words[slice(*np.searchsorted(words, [first, first + b"\x7f"]))]

    def _merged(self) -> Words:
        if self._pieces:
            found = {word for piece in self._pieces for word in _WORD.findall(fold(piece))}
            self._words = np.union1d(self._words, np.array(sorted(found), _DTYPE))
            self._pieces = set()
        return self._words


def edits(one: str, other: str, most: int) -> int:
    """Return the optimal string alignment distance of two words; some number above ``most`` where it is larger."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, compared in enumerate(other, start=1):
            n = min(last[j] + 1, row[-1] + 1, last[j - 1] + (letter != compared))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == compared:
                n = min(n, before[j - 2] + 1)
            row.append(n)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return last[-1]
