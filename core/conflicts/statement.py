"""Statements: the sentences of a passage as they are compared, with their words, scope, polarity and figures.

A statement that holds no figure is compared by its polarity alone (*allowed*, *not allowed*).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from core.conflicts.figures import MONTHS, Figure, figures
from core.retrieval.analyzer import fold, stems
from core.retrieval.sentences import sentences
from core.types import Language, Passage

MAX_CHARS = 400
"""A longer sentence says too many things to be compared."""

MAX_WORDS = 24
"""The same, in words that tell what it is about."""

_LIST_MARK = re.compile(r"^\s{0,8}(?:[-*+•]|\d{1,3}[.)])\s+")
_WORD = re.compile(r"[a-z][a-z0-9_-]*|\d[\w.-]*")
_CONTRACTED = re.compile(r"n['’]t\b")
_DATED_SINCE = re.compile(rf"\b(?:since|from|as of|a partir de|desde) (?:{'|'.join(MONTHS)}|(?:19|20)\d\d)\b(?: on\b)?")
_RATE = re.compile(
    r"\b(?:per|an?|every|each|por|ao|a cada|cada|/) ?"
    r"(hour|day|night|evening|week|month|year|person|hora|dia|noite|semana|mes|ano|pessoa)\b"
)
_PERIOD = re.compile(r"\b(hourly|daily|weekly|monthly|yearly|annual|annually|diari[ao]|semanal|mensal|anual)\b")
_RATES: Mapping[str, str] = {
    word: name
    for name, words in (
        ("hour", "hour hourly hora"),
        ("day", "day daily dia diario diaria"),
        ("night", "night evening noite"),
        ("week", "week weekly semana semanal"),
        ("month", "month monthly mes mensal"),
        ("year", "year yearly annual annually ano anual"),
        ("person", "person pessoa"),
    )
    for word in words.split()
}


Values = Mapping[tuple[str, str], frozenset[float | tuple[int, int, int]]]
"""What a statement says, by kind and unit of its figures; a date without its year."""

_LEADING = ("money", "percent", "date", "time", "duration", "number")
"""Kinds of figures that a statement tells; a weekday or a year beside one of them limits it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence. ``words`` are the stems that say what it is about, ``about`` those of its headings and title.

    ``scope`` are the seasons, groups and cases it is limited to, ``rates`` what an amount is counted by;
    ``is_negative`` its polarity; ``parts`` the stems of the title and of each heading, outermost first. ``lead`` are
    those of ``words`` that stand before its first figure; ``values`` its figures by kind and unit; ``limits`` the years
    and weekdays it is limited to.
    """

    text: str
    language: Language
    words: frozenset[str]
    lead: frozenset[str]
    about: frozenset[str]
    parts: tuple[frozenset[str], ...]
    scope: frozenset[str]
    rates: frozenset[str]
    is_negative: bool
    values: Values
    limits: frozenset[tuple[str, float]]


def statements(passage: Passage) -> tuple[Statement, ...]:
    """Return the statements of a passage that can be compared, in order. Blocks."""
    return _statements(passage.document, passage.heading, passage.text, passage.language)


@lru_cache(maxsize=4096)
def _statements(title: str, heading: str, text: str, language: Language) -> tuple[Statement, ...]:
    # Cached, because the same passages are found for many questions.
    headings = [part for part in heading.split(" > ") if part]
    names = [title, *(headings[1:] if headings[:1] == [title] else headings)]
    found = (_statement(text[span.start : span.end], names, language) for span in sentences(text))
    return tuple(each for each in found if each is not None)


def _statement(sentence: str, names: Sequence[str], language: Language) -> Statement | None:
    if len(sentence) > MAX_CHARS or sentence.lstrip().startswith("#") or sentence.rstrip().endswith("?"):
        return None
    lists = _lists(language)
    folded = _CONTRACTED.sub(" not", fold(_LIST_MARK.sub("", sentence)))
    folded = _DATED_SINCE.sub(" ", folded)
    found = figures(folded)
    bare = _without(folded, found)
    tokens = _WORD.findall(bare)
    n_negations = sum(word in lists.negation for word in tokens) + sum(word in lists.negated for word in tokens)
    words = _told(tokens, lists, language)
    lead = _told(_WORD.findall(folded[: found[0].start]) if found else tokens, lists, language)
    scope = {lists.scope[word] for word in tokens if word in lists.scope}
    rates = {_RATES[each] for pattern in (_RATE, _PERIOD) for each in pattern.findall(bare)}
    if len(words) > MAX_WORDS or not words:
        return None
    parts = tuple(_parts(name, lists, language) for name in names)
    scope |= {lists.scope[word] for name in names for word in _WORD.findall(fold(name)) if word in lists.scope}
    return Statement(
        text=sentence.strip(),
        language=language,
        words=words,
        lead=lead,
        about=frozenset[str]().union(*parts),
        parts=parts,
        scope=frozenset(scope),
        rates=frozenset(rates),
        is_negative=n_negations % 2 == 1,
        values=_values(found),
        limits=_limits(found),
    )


def _told(tokens: Sequence[str], lists: _Lists, language: Language) -> frozenset[str]:
    """Return the stems of the words that say what a statement is about."""
    empty = lists.negation | lists.filler
    return _stems([lists.positive(word) for word in tokens if word not in empty], lists, language)


def _values(found: Sequence[Figure]) -> Values:
    kinds = {figure.kind for figure in found}
    told = kinds.intersection(_LEADING) or {next((kind for kind in ("weekday", "year") if kind in kinds), "")}
    values: dict[tuple[str, str], frozenset[float | tuple[int, int, int]]] = {}
    for figure in found:
        if figure.kind in told:
            key = figure.kind, "" if figure.unit == "cents" else figure.unit
            value = (0, *figure.value[1:]) if isinstance(figure.value, tuple) else figure.value
            values[key] = values.get(key, frozenset()) | {value}
    return values


def _limits(found: Sequence[Figure]) -> frozenset[tuple[str, float]]:
    kinds = {figure.kind for figure in found}
    limits = set[tuple[str, float]]()
    for figure in found:
        if isinstance(figure.value, tuple):
            limits |= {("year", float(figure.value[0]))} if figure.value[0] else set()
        elif figure.kind in ("year", "weekday") and kinds - {figure.kind}:
            limits.add((figure.kind, figure.value))
    return frozenset(limits)


def _without(text: str, found: Sequence[Figure]) -> str:
    """Return ``text`` without figures."""
    for figure in reversed(found):
        text = f"{text[: figure.start]} {text[figure.end :]}"
    return text


def _parts(name: str, lists: _Lists, language: Language) -> frozenset[str]:
    words = [
        word for word in _WORD.findall(fold(name)) if word not in lists.sort | lists.filler and not word[0].isdigit()
    ]
    return _stems(words, lists, language)


def _stems(words: Sequence[str], lists: _Lists, language: Language) -> frozenset[str]:
    return frozenset(lists.same.get(stem, stem) for stem in stems(" ".join(words), language))


@dataclass(frozen=True, slots=True)
class _Lists:
    """The words of ``words.toml`` in one language; ``same`` maps stems, ``negated`` an opposite to its positive."""

    negation: frozenset[str]
    filler: frozenset[str]
    sort: frozenset[str]
    scope: Mapping[str, str]
    same: Mapping[str, str]
    negated: Mapping[str, str]

    def positive(self, word: str) -> str:
        """Return the word that ``word`` is the opposite of; any other as it is."""
        return self.negated.get(word, word)


@cache
def _lists(language: Language) -> _Lists:
    read = tomllib.loads((files("core.conflicts") / "words.toml").read_text(encoding="utf-8"))[language]
    same: dict[str, str] = {}
    for line in read["same"]:
        found = stems(line, language)
        same.update(dict.fromkeys(found, found[0]))
    return _Lists(
        negation=frozenset(read["negation"].split()),
        filler=frozenset(read["filler"].split()) | frozenset(read["change"].split()),
        sort=frozenset(read["sort"].split()),
        scope={word: line.split()[0] for line in read["scope"] for word in line.split()},
        same=same,
        negated={opposite: word for word, opposite in map(str.split, reversed(read["opposite"]))},
    )
