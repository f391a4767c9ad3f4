"""What kind of thing a question asks for, and whether a sentence holds one: a price, a time, a person.

Reads the words of the question in English and Portuguese. Only the kinds that leave a mark on the page are known; a
question of none of them (how to, whether, why) expects nothing in particular.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from core.retrieval.analyzer import fold

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
_PACE = re.compile(r"\b(?:daily|weekly|monthly|yearly|always|never|diari|semana[li]|mensa[li]|anua[li]|sempre|nunca)")
_PLACE = re.compile(
    r"\b(?:rua|avenida|travessa|praca|largo|estrada|street|road|avenue|square|lane|floor|andar|piso|res do chao|corner"
    r"|esquina|debaixo|atras|ao lado|ao fundo|beside|behind|next to|under|near|opposite|perto|junto|parede|wall"
    r"|entrance|entrada|building|predio|city|town|cidade|located)\b"
)
_AT = re.compile(r"\b(?:at|in|on|em|n[oa]s?)\b")
_NAME = re.compile(r"(?<!^)(?<![.!?:…]\s)(?<![#*>-]\s)\b[A-ZÀ-Ý][\w'’-]+")
_CONTACT = re.compile(r"@|https?://|www\.|#\w|\b\d{3}[ -]?\d{3,4}\b")


def _money(sentence: str, folded: str) -> float:
    return float(bool(_FREE.search(folded)) or bool(_MONEY.search(folded) and _NUMBER.search(folded)))


def _number(sentence: str, folded: str) -> float:
    return float(bool(_NUMBER.search(folded)))


def _time(sentence: str, folded: str) -> float:
    return float(bool(_CLOCK.search(folded) or _MONTH.search(sentence)))


def _length(sentence: str, folded: str) -> float:
    return float(bool(_PACE.search(folded) or _SPAN.search(folded)))


def _person(sentence: str, folded: str) -> float:
    return float(bool(_NAME.search(sentence)))


def _place(sentence: str, folded: str) -> float:
    if _PLACE.search(folded):
        return 1.0
    return 0.5 if _AT.search(folded) else 0.0


def _contact(sentence: str, folded: str) -> float:
    return float(bool(_CONTACT.search(folded)))


_KINDS: tuple[tuple[re.Pattern[str], Callable[[str, str], float]], ...] = (
    (
        re.compile(
            r"\b(?:how much|costs?|prices?|fees?|pay|charge|refund|discount"
            r"|quanto (?:custa|custam|e|fica|pago|se paga|devo|vale)|precos?|taxas?|custos?|caucao|deposito|multa"
            r"|tarifa|quota|desconto)\b"
        ),
        _money,
    ),
    (
        re.compile(
            r"\b(?:how many|what number|how (?:big|large|tall|high|deep|wide|old|far|fast)|percent\w*|level|port|code"
            r"|quant[oa]s|numero|porcentagem|percentagem|nivel|porta|codigo)\b"
        ),
        _number,
    ),
    (
        re.compile(
            r"^\W*(?:(?:since|until|till|from|by|desde|ate|para|de) )?(?:when|quando)\b"
            r"|\bwhen (?:is|are|was|were|do|does|did|will|can|should|must|may|has|have)\b"
            r"|\b(?:(?:what|which) (?:time|day|year|date|month|century)|opening hours"
            r"|(?:que|qual) (?:horas?|dias?|ano|data|mes|seculo)|horarios?)\b"
        ),
        _time,
    ),
    (
        re.compile(
            r"\b(?:how (?:long|often|soon|far ahead)|quanto tempo|duracao|dura"
            r"|quanto em quanto|frequencia|antecedencia)\b"
        ),
        _length,
    ),
    (re.compile(r"\b(?:who|whom|whose|name of|quem|nome d[aeo])\b"), _person),
    (re.compile(r"\b(?:where|address|onde|aonde|endereco|morada)\b"), _place),
    (
        re.compile(
            r"\b(?:phone|telephone|e-?mail|contact|website|link|telefone|telemovel|correio|contact[oa]|contato|site)\b"
        ),
        _contact,
    ),
)


class Expectation:
    """What a question asks for; false when it asks for nothing that leaves a mark."""

    def __init__(self, question: str) -> None:
        folded = fold(question)
        self._fits = [fits for asks, fits in _KINDS if asks.search(folded)]

    def __bool__(self) -> bool:
        """Tell whether anything in particular is expected."""
        return bool(self._fits)

    def rules_out(self, texts: Iterable[str]) -> bool:
        """Tell whether none of the texts can answer: a number to call or an address to write to is there, or is not.

        The other kinds may be worded in ways that leave no mark.
        """
        return self._fits == [_contact] and not any(_contact(text, fold(text)) for text in texts)

    def met_by(self, sentence: str) -> float:
        """Return how much of what is expected the sentence holds, 0..1; 0 when nothing is."""
        folded = fold(sentence)
        return sum(fits(sentence, folded) for fits in self._fits) / len(self._fits) if self._fits else 0.0
