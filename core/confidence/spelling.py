"""Words by their beginnings, spelt alike where Portuguese and English spell the same root differently.

*Fotossíntese* and *photosynthesis*, *espécies* and *species* begin alike here. Beginnings stand in for stems, and need
no language.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_BEGINNING = 5
_LEAST_CHARS = 4
"""Shorter words are left out, unless they are numbers: too many begin with the same three letters by chance."""

_DIGRAPHS = (("ph", "f"), ("th", "t"), ("ch", "c"), ("rh", "r"), ("qu", "c"))
_LETTERS = str.maketrans("ykwzxj", "icvssi")
_DOUBLE = re.compile(r"([a-z])\1")
_PROTHESIS = re.compile(r"\bes(?=[bcdfglmnpqrtv])")
"""Portuguese puts an *e* before *s* and a consonant."""

_WORD = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """Return text in small letters without accents."""
    small = text.lower()
    if small.isascii():
        return small
    decomposed = unicodedata.normalize("NFKD", small)
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """Return the beginnings of the words and numbers of a text, in order, as they are compared across languages.

    Remembered: the same passages are found again and again.
    """
    spelt = plain(text)
    for pair, letter in _DIGRAPHS:
        spelt = spelt.replace(pair, letter)
    spelt = _PROTHESIS.sub("s", _DOUBLE.sub(r"\1", spelt.translate(_LETTERS)))
    return tuple(word[:_BEGINNING] for word in _WORD.findall(spelt) if len(word) >= _LEAST_CHARS or word.isdecimal())
