"""Normalised wording of questions, equal for two that ask the same: the lexical condition of the answer cache.

*When does it open on Sundays* and *… on Saturdays* have nearly the same vector. So two questions must also have the
same content words in the same order: names, numbers, negations, question words; politeness, articles and present-tense
auxiliaries are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.retrieval.analyzer import fold, stems
from core.types import Language

_FRAMES = re.compile(
    r"^(?:(?:hi|hello|hey|ola|oi|bom dia|boa (?:tarde|noite)|please|por favor)\b\W*)+"
    r"|\b(?:(?:can|could|would|will) (?:you|anyone|anybody|someone|somebody) (?:please )?(?:tell me|say|explain)"
    r"|(?:do you|does anyone|does anybody) (?:happen to )?know|i(?: would|'d)? (?:like|want|need) to know|tell me"
    r"|(?:pode|podem|podes|poderia|podia|alguem pode|alguem poderia)(?: me)? (?:dizer|informar|explicar)(?:-me)?"
    r"|(?:voce |voces |alguem )?sabem?(?:s)?(?: me)? dizer|(?:voce|voces|alguem) sabem?|(?:eu )?gostaria de saber"
    r"|(?:eu )?(?:quero|queria|preciso)(?: de)? saber|(?:me )?(?:diga|digam|diz)(?:-me)?)\b"
    r"|\b(?:please|por favor|thanks|thank you|obrigad[oa])\b"
)
_SAME: Mapping[str, re.Pattern[str]] = {
    " when ": re.compile(r"\b(?:(?:at )?(?:what|which) (?:time|hour)|what are the (?:opening )?hours of)\b"),
    " quando ": re.compile(r"\b(?:(?:a |em )?(?:que|qual) horas?|em que horario|(?:em )?qual (?:o |e o )?horario)\b"),
    " not ": re.compile(r"n['’]t\b|\bcannot\b"),
    " is ": re.compile(r"(?<=\w)['’](?:s|re)\b(?= )"),
}
_WORD = re.compile(r"[^\W_]+(?:[.,:/@#+'’-][^\W_]+)*[+#]*")

_EMPTY: Mapping[Language, frozenset[str]] = {
    "en": frozenset(_WORD.findall("a an the is are am do does there it its this so then actually exactly")),
    "pt": frozenset(_WORD.findall("o a os as um uma e ha sao esta estao fica ficam que eh ai la entao exatamente")),
}
"""Folded words that are left out. Words of tense, negation, question and number are not among them."""


def normalised_question(question: str, language: Language) -> str:
    """Return the stems of a question's content words in order, line by line (a follow-up has two lines)."""
    return "\n".join(" ".join(_content_words(line, language)) for line in question.splitlines())


def _content_words(line: str, language: Language) -> list[str]:
    text = _FRAMES.sub(" ", fold(line.strip()).replace("’", "'"))
    for word, phrase in _SAME.items():
        text = phrase.sub(word, text)
    words = [word for word in _WORD.findall(text) if word not in _EMPTY[language]]
    return [(stems(word, language) or [word])[0] if word.isalpha() else word for word in words]
