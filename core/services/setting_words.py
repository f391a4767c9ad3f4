"""The words that settings' values are typed and shown as, in each language: ``off`` is ``desligado`` in Portuguese.

In the database, and in what programs read, a value is the English word. Any language's word is taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.types import Language

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {},
    "pt": {
        "on": "ligado",
        "off": "desligado",
        "here": "aqui",
        "everything": "tudo",
        "taught": "ensinado",
        "sure": "certeza",
        "each": "cada",
        "en": "inglês",
        "pt": "português",
        "neutral": "neutro",
        "warm": "caloroso",
        "formal": "formal",
        "all": "todas",
        "found": "encontradas",
        "none": "nenhuma",
        "learn": "aprender",
        "propose": "propor",
        "1–3 words": "1–3 palavras",
        "role, role …": "cargo, cargo …",
    },
}
"""By the value, or by what describes one; a language's own word is the value itself where it is not listed."""

_VALUES = {word: value for words in _WORDS.values() for value, word in words.items()}


def word_of(value: str, language: Language) -> str:
    """Return a value as it is typed and shown in a language."""
    return _WORDS[language].get(value, value)


def value_of(typed: str) -> str:
    """Return the value that a word of any language names, in lower case; another text as it is, in lower case."""
    lowered = typed.lower()
    return _VALUES.get(lowered, lowered)
