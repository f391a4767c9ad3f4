"""What a text claims, clause by clause: its words, its facts, and whether it affirms or denies.

Facts are what a writer must not get wrong: numbers, times, prices, names, days, addresses. Nothing is understood
here; two texts are only made comparable.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from core.retrieval.analyse import fold, stems
from core.types import Language

_CLAUSE_END = re.compile(
    r"[;:,()·|—–]+(?=\s|$)|[.!?…]+(?=\s|$)|\s(?:but|because|although|whereas|mas|porque|embora|enquanto|pois)(?=\s)",
    re.IGNORECASE,
)
_PART_END = re.compile(r"\s(?:and|or|while|e|ou|nem|nor)(?=\s)", re.IGNORECASE)
_NUMBER = re.compile(r"[€$£]?\s?\d+(?:[.,:/h-]\d+)*(?:\s?[ap]\.?m\b|h\b|\s?[€$£%°])?", re.IGNORECASE)
_NAME = re.compile(r"(?<![\w'’-])[A-ZÀ-Ý][\w'’-]*")
_LINK = re.compile(r"\S+@\S+|https?://\S+|www\.\S+|[#@]\w\S*")
_WORD = re.compile(r"[\w'’]+(?:-\w+)*")


@dataclass(frozen=True, slots=True)
class Part:
    """What stands between two conjunctions: its content words in order, stemmed, its facts, and its limits.

    Limits are words of degree, order and exclusion (*before*, *only*, *mais*).
    """

    stems: tuple[str, ...]
    facts: frozenset[str]
    limits: frozenset[str]


@dataclass(frozen=True, slots=True)
class Clause:
    """What stands between two commas. Denying twice is affirming; ``denied`` are the single words it is without."""

    parts: tuple[Part, ...]
    is_denied: bool
    denied: frozenset[str]


def clauses_of(text: str, language: Language) -> tuple[Clause, ...]:
    """Return what ``text`` claims, read as ``language``."""
    found: list[Clause] = []
    is_opening = True  # a capital there is no sign of a name
    start = 0
    for end, following, mark in (
        *((m.start(), m.end(), m.group()) for m in _CLAUSE_END.finditer(text)),
        (len(text), 0, ""),
    ):
        if words_of := text[start:end].strip():
            found.append(_clause(words_of, language, is_opening=is_opening))
        is_opening = mark[:1] in ".!?…" or (is_opening and not words_of)
        start = following
    return tuple(found)


def folded_words(text: str) -> list[str]:
    """Return every word of ``text``, lower case and without accents."""
    return _WORD.findall(fold(text))


def in_order(claimed: Sequence[str], source: Sequence[str]) -> int:
    """Return the length of the longest common subsequence: how many words both have in the same order."""
    best = [0] * (len(source) + 1)
    for word in claimed:
        diagonal = 0
        for place, other in enumerate(source, start=1):
            diagonal, best[place] = best[place], diagonal + 1 if word == other else max(best[place], best[place - 1])
    return best[-1]


@cache
def words(language: Language, kind: str) -> frozenset[str]:
    """Return one of the word lists of ``words.toml``."""
    lists = tomllib.loads((files("core.generation") / "words.toml").read_text(encoding="utf-8"))
    return frozenset(lists[language][kind].split())


@cache
def _empty(language: Language) -> frozenset[str]:
    return frozenset(stems(" ".join(words(language, "empty")), language))


def _clause(text: str, language: Language, *, is_opening: bool) -> Clause:
    folded = folded_words(text)
    n_denials = sum(word in words(language, "deny") or word.endswith(("n't", "n’t")) for word in folded)
    texts = [part for part in _PART_END.split(text) if part.strip()]
    parts = [_part(part, language, is_opening=is_opening and n == 0) for n, part in enumerate(texts)]
    return Clause(tuple(parts), n_denials % 2 == 1, frozenset(_denied(folded, language)))


def _part(text: str, language: Language, *, is_opening: bool) -> Part:
    content = tuple(stem for stem in stems(text, language) if stem not in _empty(language))
    facts = frozenset(_facts(text, language, is_opening=is_opening))
    return Part(content, facts, words(language, "limit").intersection(folded_words(text)))


def _facts(text: str, language: Language, *, is_opening: bool) -> Iterator[str]:
    for match in _LINK.finditer(text):
        yield fold(match.group()).rstrip(".,;:!?)")
    rest = _LINK.sub(" ", text)
    for match in _NUMBER.finditer(rest):
        yield re.sub(r"\s", "", fold(match.group()))
    first = len(rest) - len(rest.lstrip(" \"'“«>*_#-"))
    small = words(language, "fact").intersection(folded_words(rest))
    yield from (word.removesuffix("s") for word in small)  # on Saturdays is on Saturday
    for match in _NAME.finditer(rest):
        name = fold(match.group())
        if name not in small and (match.start() > first or not is_opening) and stems(name, language):
            yield name


def _denied(folded: Sequence[str], language: Language) -> Iterator[str]:
    """Yield the stem of the content word after each word that denies only that one."""
    for place, word in enumerate(folded):
        if word in words(language, "deny_next"):
            following = next((stem for later in folded[place + 1 :] for stem in stems(later, language)), None)
            if following:
                yield following
