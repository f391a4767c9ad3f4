"""Language detection among the languages AION speaks.

py3langid (langid.py's naive Bayes over byte n-grams) decides on a text of some length. Of a short one it is too sure,
and more often wrong than right where words of both languages meet (*pit bull pode?*): there its verdict counts for as
much as the length warrants, beside function words, accents, and the language that the person is expected to use.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from core.types import LANGUAGES, Language

_SURE = 0.7
"""Below this probability the hint is more often right than the detector."""

_SHORT_CHARS = 160
"""From this length on the detector decides alone."""

_NATS_PER_WORD = 2.0
_NATS_PER_LETTER = 1.5
_NATS_OF_HINT = 0.7
_NATS_PER_CHARACTER = 0.3
"""How much the detector may say for each character of a short text."""

_FUNCTION_WORDS: Mapping[Language, str] = {
    "en": """
the an of to in on at with is are was were does did can could may should i you we they it my your our this that
these those what whats who which when where why how much many not yes if be been have has had from by or and about
any there will would get got need want im i'm dont don't can't isn't it's u ur pls is someone anyone or but than
""",
    "pt": """
o os um uma uns umas de da dos das na nos nas em por pelo pela para pra pro com que q quem qual quais quando onde
como quanto quanta quantos quantas é e são sao foi era tem têm pode posso podem dá ser está tá ta estou não nao
sim eu você voce vc vcs vocês voces meu minha meus minhas seu sua isso isto esse essa este esta mais ou já vai vou
ao aos à às até ate também tambem tb tbm sem sobre pq porque preciso quero fica faço faz alguém alguem há
""",
}
_ACCENTED = re.compile(r"[ãõçáàâéêíóôú]")
_ENGLISH_LETTERS = re.compile(r"th|sh|wh|ck|oo|ing\b|y\b|'s\b")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")

_MARKED_CODE = re.compile(r"```[^`]*(?:```|$)|`[^`\n]*`")
_CODE_SYMBOL = re.compile(r"[(){}\[\]=;<>_]")
_CODE_SHARE = 0.1
"""Share of such symbols from which a short text is code: its keywords are English whoever wrote it."""


@cache
def _identifier() -> Any:  # py3langid ships no types; its model takes about 0.1 s to load
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    every = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    every.set_languages(list(LANGUAGES))
    # One of these languages alone: the other would keep 28 MB of the languages that are never told.
    return LanguageIdentifier(
        every.nb_ptc,
        every.nb_pc,
        every.nb_classes,
        every.tk_nextmove,
        every.tk_output,
        norm_probs=True,
        tk_row=every.tk_row,
    )


def load_detector() -> None:
    """Read the detector's model, which the first longer text would read else."""
    _identifier()


def detect_language(text: str, hint: Language = "en") -> Language:
    """Return the language of ``text``; what a short text leaves open ``hint`` decides, the language expected.

    Code has none: what stands around it decides, or ``hint`` where nothing does.
    """
    text = _MARKED_CODE.sub(" ", text)
    if not _WORD.search(text) or (len(text) < _SHORT_CHARS and _is_code(text)):
        return hint
    found, probability = _identifier().classify(text)
    if len(text) >= _SHORT_CHARS:
        return next((language for language in LANGUAGES if language == found and probability >= _SURE), hint)
    most = _NATS_PER_CHARACTER * len(text.strip())
    verdict = min(most, math.log(probability / max(1e-9, 1 - probability)))
    odds = (verdict if found == "pt" else -verdict) + _evidence(text.lower())
    odds += _NATS_OF_HINT if hint == "pt" else -_NATS_OF_HINT
    return "pt" if odds > 0 else "en"


def _is_code(text: str) -> bool:
    return len(_CODE_SYMBOL.findall(text)) > _CODE_SHARE * len(text)


def _evidence(text: str) -> float:
    """Return the log-odds of Portuguese that function words and letters are worth."""
    words = _WORD.findall(text)
    n_words = sum((word in _function_words("pt")) - (word in _function_words("en")) for word in words)
    n_letters = len(_ACCENTED.findall(text)) - 0.3 * len(_ENGLISH_LETTERS.findall(text))
    return _NATS_PER_WORD * n_words + _NATS_PER_LETTER * n_letters


@cache
def _function_words(language: Language) -> frozenset[str]:
    return frozenset(_FUNCTION_WORDS[language].split())
