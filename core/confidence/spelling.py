"""Spelling prefixes: the first letters of words, normalised so that Portuguese and English cognates compare equal.

*Fotossíntese* and *photosynthesis*, *espécies* and *species* have the same prefix. Prefixes replace stems where the
language is unknown or differs.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from core.normal_form import normal_form

_PREFIX_CHARS = 5
_LEAST_CHARS = 4
"""Shorter words are left out, unless they are numbers: too many share three letters by chance."""

_DIGRAPHS = (("ph", "f"), ("th", "t"), ("ch", "c"), ("rh", "r"), ("qu", "c"))
_LETTERS = str.maketrans("ykwzxj", "icvssi")
_DOUBLE = re.compile(r"([a-z])\1")
_PROTHESIS = re.compile(r"\bes(?=[bcdfglmnpqrtv])")
"""Portuguese puts an *e* before *s* and a consonant."""

_WORD = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """Return text in lower case without accents."""
    lower = text.lower()
    if lower.isascii():
        return lower
    decomposed = normal_form("NFKD", lower)
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@lru_cache(maxsize=4096)
def prefixes(text: str) -> tuple[str, ...]:
    """Return the spelling prefixes of the words and numbers of a text, in order.

    Cached, because the same passages are found for many questions.
    """
    spelt = plain(text)
    for pair, letter in _DIGRAPHS:
        spelt = spelt.replace(pair, letter)
    spelt = _PROTHESIS.sub("s", _DOUBLE.sub(r"\1", spelt.translate(_LETTERS)))
    return tuple(word[:_PREFIX_CHARS] for word in _WORD.findall(spelt) if len(word) >= _LEAST_CHARS or word.isdecimal())
