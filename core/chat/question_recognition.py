"""Rules on a message's surface form: whether it is a question, a follow-up, or one that names another thing alone.

Rules over word lists (``question_recognition.toml``), in both languages at once, since the language of a short text is
hardly known; microseconds a text, no model. Precision matters more than recall: a question that stands on its own is
ranked worse when it is searched together with an earlier one.
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
"""A longer text names its topic itself: it is no follow-up."""

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_LINK = re.compile(r"https?://\S+")

_N_CONTENT_AFTER_OPENING = 6
_N_CONTENT_BEFORE_CLOSING = 3
_N_CONTENT_BEFORE_SUBJECT = 1
_N_CONTENT_BEFORE_LAST = 3
_N_WORDS_OF_FRAGMENT = 4
_N_WORDS_OF_ANOTHER = 4


@dataclass(frozen=True, slots=True)
class _WordLists:
    """The word lists of one language."""

    opening: frozenset[str]
    another: frozenset[str]
    clause: frozenset[str]
    closing: frozenset[str]
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


def is_follow_up(text: str) -> bool:
    """Tell whether a text is understood only with an earlier one (*and on Sundays?*, *quanto custa?*)."""
    utterance = _analyse(text)
    if not utterance.words or len(utterance.words) > MAX_WORDS:
        return False
    return any(_leans_on_earlier(utterance, _word_lists(language)) for language in LANGUAGES)


def names_another(text: str) -> bool:
    """Tell whether a text only names another thing to ask the same of (*what about guests?*, *e os visitantes?*)."""
    words = _analyse(text).words
    return any(_another_of(words, _word_lists(language)) for language in LANGUAGES)


def is_question(text: str) -> bool:
    """Tell whether a text asks for something that could be looked up; small talk and exclamations do not."""
    text = _LINK.sub(" ", text)
    utterance = _analyse(text)
    if not any(not term.is_framing for term in query_terms(text)):
        return False
    return "?" in text or any(_starts_asking(utterance, _word_lists(language)) for language in LANGUAGES)


def _starts_asking(utterance: _Utterance, lists: _WordLists) -> bool:
    return _opens(utterance.words, lists.starter) or (len(utterance.words) > 2 and utterance.words[0] in lists.wh)


def _another_of(words: Sequence[str], lists: _WordLists) -> bool:
    """Tell whether an opening is followed by a few words without a clause of their own."""
    opening = max((phrase.split() for phrase in lists.another if _opens(words, (phrase,))), key=len, default=None)
    rest = words[len(opening) :] if opening else ()
    return 0 < len(rest) <= _N_WORDS_OF_ANOTHER and not lists.clause.intersection(rest)


def _leans_on_earlier(utterance: _Utterance, lists: _WordLists) -> bool:
    n_content = utterance.n_content()
    is_added = _opens(utterance.words, lists.opening) and not _opens(utterance.words, lists.expletive)
    if is_added and n_content <= _N_CONTENT_AFTER_OPENING:
        return True
    if _closes(utterance.words, lists.closing) and n_content <= _N_CONTENT_BEFORE_CLOSING:
        return True
    if utterance.words[0] in lists.fragment and len(utterance.words) <= _N_WORDS_OF_FRAGMENT and n_content <= 2:
        return True
    return _refers(utterance, lists) or _is_bare(utterance, lists)


def _refers(utterance: _Utterance, lists: _WordLists) -> bool:
    """Tell whether a word refers to something that the text has not named before it (anaphora)."""
    last = len(utterance.words) - 1
    hidden = _places_of(utterance.words, lists.expletive)
    for place, word in enumerate(utterance.words):
        if place in hidden:
            continue
        n_before = utterance.n_content(place)
        if place == last and n_before <= _N_CONTENT_BEFORE_LAST and word in lists.subject | lists.pointer:
            return True
        if n_before <= _N_CONTENT_BEFORE_SUBJECT and word in lists.subject | lists.possessive:
            return True
        if n_before == 0 and word in lists.pointer:
            return True
    return False


def _is_bare(utterance: _Utterance, lists: _WordLists) -> bool:
    """Tell whether a text asks for a property but names no thing that has it (*how much is it?*)."""
    words = frozenset(utterance.words)
    if utterance.content - lists.stand_in - lists.predicate:
        return False
    about_aion = frozenset().union(*(_word_lists(language).addressee for language in LANGUAGES))
    return bool(words & (lists.stand_in | lists.predicate)) or not words & about_aion


def _opens(words: Sequence[str], phrases: Iterable[str]) -> bool:
    start = " ".join(words[:6]) + " "
    return any(start.startswith(f"{phrase} ") for phrase in phrases)


def _closes(words: Sequence[str], phrases: Iterable[str]) -> bool:
    end = " " + " ".join(words[-3:])
    return any(end.endswith(f" {phrase}") for phrase in phrases)


def _places_of(words: Sequence[str], phrases: Iterable[str]) -> frozenset[int]:
    def places() -> Iterator[int]:
        for phrase in phrases:
            wanted = phrase.split()
            for start in range(len(words) - len(wanted) + 1):
                if list(words[start : start + len(wanted)]) == wanted:
                    yield from range(start, start + len(wanted))

    return frozenset(places())


def _analyse(text: str) -> _Utterance:
    words = tuple(word if word == "é" else fold(word) for word in _WORD.findall(text.lower()))
    return _Utterance(words, frozenset(term.text for term in query_terms(text) if not term.is_framing))


@cache
def _word_lists(language: Language) -> _WordLists:
    table = tomllib.loads((files("core.chat") / "question_recognition.toml").read_text(encoding="utf-8"))[language]
    lists = {name: frozenset(v.split() if isinstance(v, str) else v) for name, v in table.items()}
    return _WordLists(**lists)
