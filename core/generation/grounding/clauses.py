"""Shallow clause analysis of a text: stems, facts, qualifiers and negation of each clause, to compare two texts.

Facts are numbers, times, prices, names, days and addresses. By patterns and word lists (``words.toml``), not by
parsing.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from core.retrieval.analyzer import fold, stems
from core.types import Language

_CLAUSE_END = re.compile(
    r"(?<![;:,()·|—–])[;:,()·|—–]++(?=\s|$)|(?<![.!?…])[.!?…]++(?=\s|$)"
    r"|\s(?:but|because|although|whereas|mas|porque|embora|enquanto|pois)(?=\s)",
    re.IGNORECASE,
)
_PART_END = re.compile(r"\s(?:and|or|while|e|ou|nem|nor)(?=\s)", re.IGNORECASE)
_NUMBER = re.compile(r"(?<!\w)[€$£]?\s?\d+(?:[.,:/h-]\d+)*(?:\s?[ap]\.?m\b|h\b|\s?[€$£%°])?(?!\w)", re.IGNORECASE)
_NAME = re.compile(r"(?<![\w'’-])[A-ZÀ-Ý][\w'’-]*")
_LINK = re.compile(r"(?<!\S)\S+@\S+|https?://\S+|www\.\S+|[#@]\w\S*")
_ADDRESS = re.compile(r"@|://|[^\W\d]\.\w{2,}|\w_\w")
_CHUNK = re.compile(r"\S+")
_WORD = re.compile(r"[\w'’]+(?:-\w+)*")


@dataclass(frozen=True, slots=True)
class Conjunct:
    """A part of a clause between two conjunctions: the stems of its content words in order, facts and qualifiers.

    Qualifiers are words of degree, order and exclusion (*before*, *only*, *mais*).
    """

    text: str
    stems: tuple[str, ...]
    facts: frozenset[str]
    qualifiers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Clause:
    """Text between two commas or the like. Two negations cancel; ``negated`` are stems after *without* or the like."""

    parts: tuple[Conjunct, ...]
    is_negated: bool
    negated: frozenset[str]


def clauses_of(text: str, language: Language) -> tuple[Clause, ...]:
    """Return the clauses of ``text``, analysed as ``language``."""
    found: list[Clause] = []
    is_opening = True  # a capital letter there does not mark a name
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


def shortest_cover(part: Conjunct, said: set[str], language: Language) -> Conjunct:
    """Return the shortest span of ``part`` with all its stems that are in ``said``, and the stop-words before it.

    Those stop-words may qualify it: *up to*, *over*.
    """
    chunks = [(match.start(), match.end(), set(stems(match.group(), language))) for match in _CHUNK.finditer(part.text)]
    needed = said.intersection(part.stems)
    run = _shortest_run([found & needed for _, _, found in chunks], len(needed))
    if run is None:
        return part
    first, last = run
    while first > 0 and not chunks[first - 1][2]:
        first -= 1
    return _part(part.text[chunks[first][0] : chunks[last][1]], language, is_opening=first == 0)


def _shortest_run(found: Sequence[set[str]], n_needed: int) -> tuple[int, int] | None:
    """Return first and last index of the shortest run with ``n_needed`` different words (sliding window)."""
    held: Counter[str] = Counter()
    best: tuple[int, int] | None = None
    first = 0
    for last, words_here in enumerate(found):
        held.update(words_here)
        while n_needed and len(held) == n_needed:
            if best is None or last - first < best[1] - best[0]:
                best = first, last
            held.subtract(found[first])
            held += Counter()  # drops zero counts
            first += 1
    return best


def folded_words(text: str) -> list[str]:
    """Return every word of ``text``, lower case and without accents."""
    return _WORD.findall(fold(text))


def lcs_length(claimed: Sequence[str], source: Sequence[str]) -> int:
    """Return the length of the longest common subsequence of two word sequences."""
    best = [0] * (len(source) + 1)
    for word in claimed:
        diagonal = 0
        for place, other in enumerate(source, start=1):
            diagonal, best[place] = best[place], diagonal + 1 if word == other else max(best[place], best[place - 1])
    return best[-1]


@cache
def word_list(language: Language, kind: str) -> frozenset[str]:
    """Return one of the word lists of ``words.toml``."""
    lists = tomllib.loads((files("core.generation.grounding") / "words.toml").read_text(encoding="utf-8"))
    return frozenset(lists[language][kind].split())


@cache
def empty_stems(language: Language) -> frozenset[str]:
    """Return the stems of words that carry no claim, and may be added or left out."""
    return frozenset(stems(" ".join(word_list(language, "empty")), language))


def _clause(text: str, language: Language, *, is_opening: bool) -> Clause:
    folded = folded_words(text)
    n_negations = sum(word in word_list(language, "deny") or word.endswith(("n't", "n’t")) for word in folded)
    texts = [part for part in _PART_END.split(text) if part.strip()]
    parts = [_part(part, language, is_opening=is_opening and n == 0) for n, part in enumerate(texts)]
    return Clause(tuple(parts), n_negations % 2 == 1, frozenset(_negated(folded, language)))


def _part(text: str, language: Language, *, is_opening: bool) -> Conjunct:
    content = tuple(stem for stem in _content(text, language) if stem not in empty_stems(language))
    facts = frozenset(_facts(text, language, is_opening=is_opening))
    return Conjunct(text, content, facts, word_list(language, "limit").intersection(folded_words(text)))


def _content(text: str, language: Language) -> Iterator[str]:
    """Yield the stems of ``text`` in order; an address or a file's name is one word, and no part of it is another."""
    for match in _CHUNK.finditer(text):
        chunk = match.group().strip(".,;:!?()[]\"'“”«»")
        if _ADDRESS.search(chunk):
            yield fold(chunk)
        else:
            yield from stems(chunk, language)


def _facts(text: str, language: Language, *, is_opening: bool) -> Iterator[str]:
    for match in _LINK.finditer(text):
        yield fold(match.group()).rstrip(".,;:!?)")
    rest = _LINK.sub(" ", text)
    for match in _NUMBER.finditer(rest):
        yield re.sub(r"\s", "", fold(match.group()))
    first = len(rest) - len(rest.lstrip(" \"'“«>*_#-"))
    small = word_list(language, "fact").intersection(folded_words(rest))
    yield from (word.removesuffix("s") for word in small)  # on Saturdays is on Saturday
    for match in _NAME.finditer(rest):
        name = fold(match.group())
        if name not in small and (match.start() > first or not is_opening) and stems(name, language):
            yield name


def _negated(folded: Sequence[str], language: Language) -> Iterator[str]:
    """Yield the stem of the content word after each word that negates only the next."""
    for place, word in enumerate(folded):
        if word in word_list(language, "deny_next"):
            following = next((stem for later in folded[place + 1 :] for stem in stems(later, language)), None)
            if following:
                yield following
