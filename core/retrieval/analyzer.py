"""Text analysis: tokens, folding and stemming into the terms that BM25 and the gate features compare.

Text is folded (lower case, no accents) first, so that *informacao* matches *informação*; identifiers are kept whole
beside their parts. For Portuguese the accents that a suffix implies are restored before the Snowball stemmer, whose
rules are written with them.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain

import tantivy

from core.confidence.spelling import prefixes
from core.normal_form import normal_form
from core.types import LANGUAGES, Language, QueryTerm

VERSION = 1
"""Increases with every change of the analysis, so that indexes made with an earlier one are rebuilt."""

MAX_TERMS = 64
"""Distinct terms of a question that are searched; more would cost time without better results."""

_MAX_TERM_CHARS = 64

_MAX_PIECES = 100_000
"""Pieces of text whose stems are cached: about 20 MB."""

_MAX_QUERY_WORDS = 4_096
"""Words of questions whose analysis is cached: about 2 MB."""

_TOKEN = re.compile(r"\w+(?:(?:[./:@#&'’+-]|(?<=\d),(?=\d))\w+)*(?:\+\+|#(?!\w))?")
_PART = re.compile(r"[^\W_]+")
_IDENTIFIER = re.compile(r"[_.:@#&+]")
_NUMBER = re.compile(r"[\d.,/:-]+$")

_SINGULAR = (("oes", "ao"), ("aes", "ao"), ("ais", "al"), ("eis", "el"), ("ns", "m"))
_ACCENTED = (
    ("cao", "ção"), ("sao", "são"), ("ao", "ão"), ("encia", "ência"), ("ancia", "ância"), ("encias", "ências"),
    ("ancias", "âncias"), ("avel", "ável"), ("ivel", "ível"),
)  # fmt: skip
_SHORT_WORD_CHARS = 5
"""Words of up to this many characters keep their ending: *pais* is not the plural of *pal*."""

_SNOWBALL: Mapping[Language, str] = {"en": "english", "pt": "portuguese"}


def stems(text: str, language: Language) -> list[str]:
    """Return the stems of ``text`` in order, without stop-words; an identifier is followed by its parts' stems."""
    return stemmed(text, language).split()


def stemmed(text: str, language: Language) -> str:
    """Return the ``stems`` of ``text`` joined by spaces; faster than the list."""
    return " ".join(map(_stems_in(language).__getitem__, text.split()))


def distinct_stems(text: str, language: Language) -> frozenset[str]:
    """Return the set of the ``stems`` of ``text``; faster than the list."""
    return frozenset(" ".join(map(_stems_in(language).__getitem__, set(text.split()))).split())


def query_terms(text: str) -> list[QueryTerm]:
    """Return the distinct words of a question, at most ``MAX_TERMS``, without the stop-words of any language.

    Each word is stemmed in every language, so the question's own need not be known. Their ``idf`` is 0.
    """
    stop = _words_of_all("stop")
    typed: dict[str, None] = dict.fromkeys(
        word for token in _tokens(text) for word in _words_of(token) if word not in stop
    )
    return [_query_term(word) for word in list(typed)[:MAX_TERMS]]


def stop_words(language: Language) -> frozenset[str]:
    """Return the stop-words of a language, folded."""
    return _words(language, "stop")


def fold(text: str) -> str:
    """Return ``text`` in lower case without accents."""
    if text.isascii():
        return text.lower()
    decomposed = normal_form("NFKD", text)
    return "".join(character for character in decomposed if not unicodedata.combining(character)).lower()


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(normal_form("NFKC", text))


def _words_of(token: str) -> Iterator[str]:
    """Yield the folded words of a token: an identifier whole, then its parts; a number whole."""
    token = fold(token)
    if token.isalnum():  # most are
        yield token[:_MAX_TERM_CHARS]
        return
    whole = token.strip("_")[:_MAX_TERM_CHARS]
    parts = _PART.findall(token)
    if _NUMBER.match(token):
        yield whole
        return
    if whole and parts != [whole] and _IDENTIFIER.search(token):
        yield whole
    yield from (part[:_MAX_TERM_CHARS] for part in parts)


class _Stems(dict[str, str]):
    """Cache from a white-space-separated piece of text to its stems, joined by spaces. No token crosses a space.

    A dictionary with ``__missing__``, because most pieces of any text are among a few thousand and a lookup is all
    the work for them; strings, because joining them is faster than flattening lists.
    """

    def __init__(self, language: Language) -> None:
        self._language = language

    def __missing__(self, piece: str) -> str:
        stop = _words(self._language, "stop")
        words = chain.from_iterable(map(_words_of, _tokens(piece)))
        found = " ".join(_stem(word, self._language) for word in words if word not in stop)
        if len(piece) <= _MAX_TERM_CHARS:
            if len(self) >= _MAX_PIECES:
                self.clear()
            self[piece] = found
        return found


@lru_cache(maxsize=_MAX_QUERY_WORDS)
def _query_term(word: str) -> QueryTerm:
    stems = {language: _stem(word, language) for language in LANGUAGES}
    return QueryTerm(word, stems, prefixes(word), word in _words_of_all("framing"))


@cache
def _stems_in(language: Language) -> _Stems:
    return _Stems(language)


@cache
def _words(language: Language, kind: str) -> frozenset[str]:
    lists = tomllib.loads((files("core.retrieval") / "words.toml").read_text(encoding="utf-8"))
    return frozenset(lists[language][kind].split())


@cache
def _words_of_all(kind: str) -> frozenset[str]:
    return frozenset().union(*(_words(language, kind) for language in LANGUAGES))


@cache
def _stemmer(language: Language) -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw())
    return builder.filter(tantivy.Filter.stemmer(_SNOWBALL[language])).build()


def _stem(word: str, language: Language) -> str:
    """Return the stem of a folded word; a number or identifier unchanged."""
    if not word.isalpha():
        return word
    if language == "pt":
        word = _with_accents(word)
    stemmed = _stemmer(language).analyze(word)
    return fold(stemmed[0]) if stemmed else word


def _with_accents(word: str) -> str:
    if len(word) > _SHORT_WORD_CHARS:
        word = _with_ending(word, _SINGULAR)
    return _with_ending(word, _ACCENTED)


def _with_ending(word: str, endings: tuple[tuple[str, str], ...]) -> str:
    for plain, proper in endings:
        if word.endswith(plain):
            return word[: -len(plain)] + proper
    return word
