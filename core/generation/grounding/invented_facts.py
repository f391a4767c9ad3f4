"""Facts of a large model's text that no passage has: numbers, and names where the languages are the same.

A large model rephrases, so its sentences cannot be compared with the passages' word by word as a small model's are
(``core.generation.grounding.support``). Numbers and names stay what they are in any wording.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.language import detect_language
from core.retrieval.analyzer import fold
from core.types import AnalyzedQuestion, Hit

_MARKER = re.compile(r"[\[【]\d{1,2}(?:\s*[,;]\s*\d{1,2})*[^\]】]{0,12}[\]】]")
_LIST_NUMBER = re.compile(r"^[ \t]*+\d{1,2}[.)]\s", re.MULTILINE)
_NUMBER = re.compile(r"\d+")
_NAME = re.compile(r"(?<=[\w,;:] )[A-ZÀ-Þ][\w'’-]+")
"""A capitalised word that does not begin a sentence."""


def invented_facts(text: str, used: Sequence[Hit], question: AnalyzedQuestion) -> frozenset[str]:
    """Return the numbers and names of ``text`` that neither the passages nor the question have.

    Names are compared where every passage is in the language of ``text``: a translation has names of its own for days,
    months and countries.
    """
    plain = _LIST_NUMBER.sub("", _MARKER.sub("", text))
    known = " ".join([question.text, *(_whole(hit) for hit in used)])
    invented = set(_NUMBER.findall(plain)).difference(_NUMBER.findall(known))
    language = detect_language(plain, question.language)
    if all(hit.passage.language == language for hit in used):
        words = fold(known)
        invented |= {name for name in _NAME.findall(plain) if fold(name) not in words}
    return frozenset(invented)


def _whole(hit: Hit) -> str:
    return f"{hit.passage.document} {hit.passage.heading} {hit.passage.text}"
