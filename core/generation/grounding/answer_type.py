"""Whether a sentence holds an expression of the answer type that a question expects: a price, a time, a person.

By patterns for English and Portuguese, over the sentence as written and folded (lower case, without accents).
Does not cover which types a question expects (``core.retrieval.question``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from core.retrieval.analyzer import fold
from core.types import AnswerType

_NUMBER_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    r"seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|"
    r"billion|half|third|quarter|dozen|twice|once|um|uma|dois|duas|tres|quatro|cinco|seis|sete|oito|nove|dez|onze|"
    r"doze|treze|catorze|quatorze|quinze|dezasseis|dezesseis|dezassete|dezessete|dezoito|dezanove|dezenove|vinte|"
    r"trinta|quarenta|cinquenta|sessenta|setenta|oitenta|noventa|cem|cento|duzentos|trezentos|mil|milhao|milhoes|"
    r"metade|terco)\b"
)
_NUMBER = re.compile(rf"\d|\b{_NUMBER_WORD}")
_MONEY = re.compile(
    r"[€$£%]|\b(?:euros?|dollars?|reais|real|libras?|pounds?|cents?|centimos?|centavos?|crowns?|gold|coins?|moedas?|usd"
    r"|eur|brl|per ?cent|por cento)\b"
)
_FREE = re.compile(r"\b(?:free|gratis|gratuit[oa]s?|half price|nothing|nada|in full|por inteiro|metade)\b")
_CLOCK = re.compile(
    r"\b\d{1,2}(?::\d\d|h(?:\d\d)?)\b|\b\d{1,2} ?[ap]m\b|\b(?:noon|midnight|dawn|dusk|meio-dia|meia-noite)\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:segunda|terca|quarta|quinta|sexta)s?(?:-feiras?)?\b"
    r"|\b(?:sabado|domingo)s?\b|\b(?:1\d{3}|20\d\d)\b|\b(?:centur(?:y|ies)|seculos?|ontem|amanha|yesterday|tomorrow)\b"
)
_MONTH = re.compile(
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
    r"|\b(?:[Jj]aneiro|[Ff]evereiro|[Mm]arço|[Aa]bril|[Mm]aio|[Jj]unho|[Jj]ulho|[Aa]gosto|[Ss]etembro|[Oo]utubro"
    r"|[Nn]ovembro|[Dd]ezembro)\b"
)
_SPAN = re.compile(
    rf"(?:\d|\b(?:{_NUMBER_WORD}|an))[ -](?:[a-z]+ )?(?:seconds?|minutes?|hours?|days?|weeks?|fortnights?"
    r"|months?|years?|decades?|centur(?:y|ies)|segundos?|minutos?|horas?|dias?|semanas?|mes|meses|anos?|decadas?|seculos?)\b"
)
_PACE = re.compile(
    r"\b(?:daily|weekly|monthly|yearly|always|never|diari|semana[li]|mensa[li]|anua[li]|sempre|nunca"
    r"|(?:every|each|once an?|twice an?|times an?|vez(?:es)? (?:por|ao?|a cada)|cada)"
    r" (?:hour|day|week|month|year|hora|dia|semana|mes|ano)\b)"
)
_PLACE = re.compile(
    r"\b(?:rua|avenida|travessa|praca|largo|estrada|street|road|avenue|square|lane|floor|andar|piso|res do chao|corner"
    r"|esquina|debaixo|atras|ao lado|ao fundo|beside|behind|next to|under|near|opposite|perto|junto|parede|wall"
    r"|entrance|entrada|building|predio|city|town|cidade|located)\b"
)
_AT = re.compile(r"\b(?:at|in|on|em|n[oa]s?)\b")
_NAME = re.compile(r"(?<!^)(?<![.!?:…]\s)(?<![#*>-]\s)\b[A-ZÀ-Ý][\w'’-]+")
_IDENTIFIER = re.compile(r"\b(?=\w*\d)(?:\d{3,}|\w*[a-z]\w*|\d+(?:\.\d+)+)\b")
"""A year, a version, a code: what a number of a question tells apart rather than counts."""

_COUNT = re.compile(r"\d+(?:st|nd|rd|th|h|am|pm|x|k|m|min|kg|cm|mm|gb|mb|[ªº])")
_CONTACT = re.compile(r"@|https?://|www\.|#\w|\b\d{3}[ -]?\d{3,4}\b")


def _money(sentence: str, folded: str) -> float:
    return float(bool(_FREE.search(folded)) or bool(_MONEY.search(folded) and _NUMBER.search(folded)))


def _number(sentence: str, folded: str) -> float:
    return float(bool(_NUMBER.search(folded)))


def _time(sentence: str, folded: str) -> float:
    return float(bool(_CLOCK.search(folded) or _MONTH.search(sentence) or _SPAN.search(folded)))


def _duration(sentence: str, folded: str) -> float:
    return float(bool(_PACE.search(folded) or _SPAN.search(folded)))


def _person(sentence: str, folded: str) -> float:
    return float(bool(_NAME.search(sentence)))


def _place(sentence: str, folded: str) -> float:
    if _PLACE.search(folded):
        return 1.0
    return 0.5 if _AT.search(folded) else 0.0


def _contact(sentence: str, folded: str) -> float:
    return float(bool(_CONTACT.search(folded)))


_HOLDS: Mapping[AnswerType, Callable[[str, str], float]] = {
    "money": _money,
    "number": _number,
    "time": _time,
    "duration": _duration,
    "person": _person,
    "place": _place,
    "contact": _contact,
}


def share_held(types: Sequence[AnswerType], sentence: str) -> float:
    """Return how much of the expected ``types`` a sentence holds, 0..1; 0 when none is expected."""
    folded = fold(sentence)
    return sum(_HOLDS[each](sentence, folded) for each in types) / len(types) if types else 0.0


def lacks_what_is_asked(question: str, types: Sequence[AnswerType], quoted: str) -> bool:
    """Return whether a quote cannot be the answer: it holds nothing of what is expected, or not the question's codes.

    ``quoted`` is the quote with what it stands under. A person or a place may be worded in ways that no pattern
    matches, so they are not required.
    """
    required = [each for each in types if each not in ("person", "place")]
    held = fold(quoted)
    codes = (code for code in _IDENTIFIER.findall(fold(question)) if not _COUNT.fullmatch(code))
    return bool(required and not share_held(required, quoted)) or any(code not in held for code in codes)


def none_can_answer(types: Sequence[AnswerType], texts: Iterable[str]) -> bool:
    """Return whether a contact, and nothing else, is expected and no text holds one.

    The other types may be worded in ways that no pattern matches, so they never rule a text out.
    """
    return tuple(types) == ("contact",) and not any(_contact(text, fold(text)) for text in texts)
