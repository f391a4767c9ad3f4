"""Spelling of a question: what neither the searched passages nor the languages know becomes what the passages write.

Phone slang is written out (``slang.toml``). A word that no passage has, and that is none of the two languages' more
frequent ones (``known_words.txt``, stems, made by ``bench/known_words.py``), becomes the nearest word of the passages.
Identifiers, numbers, short words and names (capitals within a sentence) stay as they are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from core.retrieval.analyzer import MAX_TERMS, fold, query_terms
from core.retrieval.vocabulary import MAX_CHARS, MIN_CHARS, Vocabulary
from core.types import LANGUAGES, Language

_LONG_CHARS, _EDITS, _EDITS_OF_LONG = 9, 1, 2
"""Edits between a word and what is meant, and how many characters a word with two has at least."""

_PIECE = re.compile(r"\S+")
_CORE = re.compile(r"[^\W_](?:.*[^\W_])?")


@dataclass(frozen=True, slots=True)
class Speller:
    """The spelling of what is searched. ``n_with`` returns in how many passages a folded word is, in any form."""

    vocabularies: Sequence[Vocabulary]
    n_with: Callable[[str], int]

    def respelt(self, text: str, language: Language) -> str:
        """Return a question as its passages spell it, at most its first ``MAX_TERMS`` distinct words."""
        meant: dict[str, str | None] = {}
        is_shouted = text.isupper()

        def replaced(piece: re.Match[str]) -> str:
            core = _CORE.search(piece.group())
            if core is None or (core.group()[0].isupper() and piece.start() > 0 and not is_shouted):
                return piece.group()
            if core.group() not in meant and len(meant) < MAX_TERMS:
                meant[core.group()] = self._meant(core.group(), language)
            word = meant.get(core.group()) or core.group()
            return piece.group()[: core.start()] + word + piece.group()[core.end() :]

        return _PIECE.sub(replaced, text)

    def _meant(self, word: str, language: Language) -> str | None:
        """Return what a word most likely stands for; ``None`` where it is to be left as it is."""
        folded = fold(word)
        if (written_out := _slang(language, "always").get(folded)) and word.islower():
            return written_out
        if not folded.isalnum() or not folded.isascii() or (query_terms(folded) and self.n_with(folded)):
            return None
        if written_out := _slang(language, "unknown").get(folded):
            return written_out
        is_looked_up = folded.isalpha() and MIN_CHARS <= len(folded) <= MAX_CHARS
        return self._nearest(folded) if is_looked_up and not is_known(folded) else None

    def _nearest(self, word: str) -> str | None:
        """Return the passages' word with the fewest edits, of several the most frequent."""
        most = _EDITS_OF_LONG if len(word) >= _LONG_CHARS else _EDITS
        near = sorted({each for vocabulary in self.vocabularies for each in vocabulary.near(word, most)})
        ranked = ((n, -self._frequency(each), each) for n, each in near)
        return next((each for _, negated, each in sorted(ranked) if negated), None)

    def _frequency(self, word: str) -> int:
        return self.n_with(word) if query_terms(word) else 1  # stop-words are not counted


def slang_words() -> frozenset[str]:
    """Return the short forms of both languages that are written out wherever they stand."""
    return frozenset(short for language in LANGUAGES for short in _slang(language, "always"))


def is_known(word: str) -> bool:
    """Tell whether a folded word is, in some form, among the more frequent ones of English or Portuguese."""
    return any(stem in _known_stems() for stem in _stems_of(word))


def _stems_of(word: str) -> Sequence[str]:
    return [stem for term in query_terms(word) for stem in term.stems.values()]


@cache
def _known_stems() -> frozenset[str]:
    return frozenset((files("core.retrieval") / "known_words.txt").read_text(encoding="utf-8").split())


@cache
def _slang(language: Language, kind: Literal["always", "unknown"]) -> Mapping[str, str]:
    table = tomllib.loads((files("core.retrieval") / "slang.toml").read_text(encoding="utf-8"))
    return dict(table[language][kind])
