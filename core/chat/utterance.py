"""What the form of an utterance tells: whether it asks anything, and whether it leans on what was said before.

Surface rules over word lists (``discourse.toml``), in both languages at once since a short text hardly tells which it
is in; microseconds a text, no model. A question that stands on its own must be left alone: searching it together with
an earlier one makes the ranking worse.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from core.retrieval.analyzer import fold, query_terms
from core.types import LANGUAGES, Language

MAX_WORDS = 25
"""Whoever says more at once says what it is about."""

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_LINK = re.compile(r"https?://\S+")

_N_CONTENT_AFTER_OPENING = 3
_N_CONTENT_BEFORE_SUBJECT = 1
_N_CONTENT_BEFORE_LAST = 3
_N_WORDS_OF_FRAGMENT = 4


@dataclass(frozen=True, slots=True)
class _Lists:
    """The word lists of one language."""

    opening: frozenset[str]
    expletive: frozenset[str]
    starter: frozenset[str]
    subject: frozenset[str]
    possessive: frozenset[str]
    pointer: frozenset[str]
    fragment: frozenset[str]
    stand_in: frozenset[str]
    predicate: frozenset[str]
    addressee: frozenset[str]
    wh: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Utterance:
    """A text as folded words, and which of them say what it is about."""

    words: tuple[str, ...]
    content: frozenset[str]

    def n_content(self, end: int | None = None) -> int:
        """Return how many of the first ``end`` words are content words."""
        return sum(word in self.content for word in self.words[:end])


def leans_back(text: str) -> bool:
    """Tell whether a text needs what was said before it to be understood (*and on Sundays?*, *quanto custa?*)."""
    said = _read(text)
    if not said.words or len(said.words) > MAX_WORDS:
        return False
    return any(_leans(said, _lists(language)) for language in LANGUAGES)


def asks(text: str) -> bool:
    """Tell whether a text asks something that could be looked up; chatter and exclamations do not."""
    text = _LINK.sub(" ", text)
    said = _read(text)
    if not any(not term.is_framing for term in query_terms(text)):
        return False
    return "?" in text or any(_starts_asking(said, _lists(language)) for language in LANGUAGES)


def _starts_asking(said: _Utterance, lists: _Lists) -> bool:
    return _opens(said.words, lists.starter) or (len(said.words) > 2 and said.words[0] in lists.wh)


def _leans(said: _Utterance, lists: _Lists) -> bool:
    n_content = said.n_content()
    if _opens(said.words, lists.opening) and n_content <= _N_CONTENT_AFTER_OPENING:
        return True
    if said.words[0] in lists.fragment and len(said.words) <= _N_WORDS_OF_FRAGMENT and n_content <= 2:
        return True
    return _refers(said, lists) or _is_bare(said, lists)


def _refers(said: _Utterance, lists: _Lists) -> bool:
    """Tell whether a word stands for something that the text itself has not named before it."""
    last = len(said.words) - 1
    hidden = _places_of(said.words, lists.expletive)
    for place, word in enumerate(said.words):
        if place in hidden:
            continue
        n_before = said.n_content(place)
        if place == last and n_before <= _N_CONTENT_BEFORE_LAST and word in lists.subject | lists.pointer:
            return True
        if n_before <= _N_CONTENT_BEFORE_SUBJECT and word in lists.subject | lists.possessive:
            return True
        if n_before == 0 and word in lists.pointer:
            return True
    return False


def _is_bare(said: _Utterance, lists: _Lists) -> bool:
    """Tell whether a text says what is asked, but not of what."""
    words = frozenset(said.words)
    if said.content - lists.stand_in - lists.predicate:
        return False
    about_aion = frozenset().union(*(_lists(language).addressee for language in LANGUAGES))
    return bool(words & (lists.stand_in | lists.predicate)) or not words & about_aion


def _opens(words: Sequence[str], phrases: Iterable[str]) -> bool:
    start = " ".join(words[:6]) + " "
    return any(start.startswith(f"{phrase} ") for phrase in phrases)


def _places_of(words: Sequence[str], phrases: Iterable[str]) -> frozenset[int]:
    def places() -> Iterator[int]:
        for phrase in phrases:
            wanted = phrase.split()
            for start in range(len(words) - len(wanted) + 1):
                if list(words[start : start + len(wanted)]) == wanted:
                    yield from range(start, start + len(wanted))

    return frozenset(places())


def _read(text: str) -> _Utterance:
    words = tuple(word if word == "é" else fold(word) for word in _WORD.findall(text.lower()))
    return _Utterance(words, frozenset(term.text for term in query_terms(text) if not term.is_framing))


@cache
def _lists(language: Language) -> _Lists:
    table = tomllib.loads((files("core.chat") / "utterance.toml").read_text(encoding="utf-8"))[language]
    return _Lists(**{name: frozenset(v.split() if isinstance(v, str) else v) for name, v in table.items()})
