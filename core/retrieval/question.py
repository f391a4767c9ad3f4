"""Analysis of a question, made once for its search: content words, stems, spelling prefixes, expected answer types.

Answer types are told from the wording in English and Portuguese. A question of none of them (how to, whether, why)
expects nothing in particular.
Does not cover whether a text holds an answer of a type (``core.generation.grounding.answer_type``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from core.confidence.spelling import prefixes
from core.retrieval.analyzer import distinct_stems, fold
from core.types import AnalyzedQuestion, AnswerType, Language, QueryTerm

_ASKS_FOR: Mapping[AnswerType, re.Pattern[str]] = {
    "money": re.compile(
        r"\b(?:how much|costs?|prices?|fees?|pay|charge|refund|discount"
        r"|qual (?:e )?o valor|valor (?:d[aeo]s?|por|para|pra)"
        r"|quanto (?:custa|custam|e|fica|pago|se paga|devo|vale)|precos?|taxas?|custos?|caucao|deposito|multa"
        r"|tarifa|quota|desconto)\b"
    ),
    "number": re.compile(
        r"\b(?:how many|what (?:number|size)|how (?:big|large|tall|high|deep|wide|old|far|fast)|percent\w*"
        r"|level|port|code|quant[oa]s"
        r"|(?:que|qual (?:e )?o) tamanho|numero|porcentagem|percentagem|nivel|porta|codigo)\b"
    ),
    "time": re.compile(
        r"^\W*(?:(?:since|until|till|from|by|desde|ate|para|de) )?(?:when|quando)\b"
        r"|\bwhen (?:is|are|was|were|do|does|did|will|can|should|must|may|has|have)\b"
        r"|\b(?:(?:what|which) (?:time|day|year|date|month|century)|opening hours|deadline|due date"
        r"|(?:que|qual) (?:horas?|dias?|ano|data|mes|seculo)|horarios?|data limite)\b"
    ),
    "duration": re.compile(
        r"\b(?:how (?:long|often|soon|far ahead)|quanto tempo|duracao|dura"
        r"|quanto em quanto|frequencia|antecedencia)\b"
    ),
    "person": re.compile(r"\b(?:who|whom|whose|name of|quem|nome d[aeo])\b"),
    "place": re.compile(r"\b(?:where|address|onde|aonde|endereco|morada)\b"),
    "contact": re.compile(
        r"\b(?:phone|telephone|e-?mail|contact|website|link|telefone|telemovel|correio|contact[oa]|contato|site)\b"
    ),
}


def analyzed(text: str, language: Language, terms: Sequence[QueryTerm]) -> AnalyzedQuestion:
    """Return a question with everything that is told from its words; ``terms`` are all its ``query_terms``."""
    return AnalyzedQuestion(
        text=text,
        language=language,
        terms=tuple(term for term in terms if not term.is_framing) or tuple(terms),
        stems=distinct_stems(text, language),
        prefixes=prefixes(text),
        answer_types=answer_types(text),
    )


def answer_types(question: str) -> tuple[AnswerType, ...]:
    """Return what kinds of expression a question asks for; empty for most."""
    folded = fold(question)
    return tuple(kind for kind, asks_for in _ASKS_FOR.items() if asks_for.search(folded))
