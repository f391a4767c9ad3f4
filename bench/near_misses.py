"""Near misses made from a labelled set: questions beside sentences that almost answer them.

From an answerable question: the sentences that hold the answer are taken out, a name or a number of the question is
swapped for another, a word is turned into its opposite, or the right documents are left out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.evaluation.dataset import LabelledQuestion
from core.generation.grounding.excerpt import excerpt
from core.types import Hit, SearchResult

_OPPOSITES = (
    "first last|most least|largest smallest|highest lowest|before after|more less|more fewer|increase decrease"
    "|increased decreased|north south|northern southern|east west|eastern western|best worst|oldest newest"
    "|oldest youngest|major minor|start end|began ended|begin end|longest shortest|large small|high low|higher lower"
    "|greater lesser|win lose|won lost|public private|maximum minimum|early late|old new|good bad|strong weak"
    "|positive negative|upper lower|same different|with without|always never|common rare|inside outside"
    "|earliest latest|support oppose|supported opposed|allowed banned|rich poor|built destroyed|create destroy"
    "|created destroyed|primeiro último|primeira última|maior menor|mais menos|antes depois|aumentar diminuir"
    "|aumentou diminuiu|norte sul|melhor pior|início fim|começou terminou|alto baixo|alta baixa|ganhou perdeu"
    "|venceu perdeu|público privado|máximo mínimo|máxima mínima|cedo tarde|novo velho|forte fraco"
    "|positivo negativo|superior inferior|mesmo diferente|com sem|sempre nunca|comum raro|leste oeste"
    "|grande pequeno|construído destruído"
)
_DENIED = {"did": "didn't", "does": "doesn't", "do": "don't", "is": "isn't", "are": "aren't", "was": "wasn't"} | {
    "were": "weren't",
    "can": "can't",
}
_DENY_SHARE = 0.35
"""Of the English questions without a word that has an opposite, this share is denied instead."""

_N_OPENING = 4
"""Hits that the reader looks through."""

_WORD = re.compile(r"[^\W_][\w'’.-]*[^\W_]|[^\W_]")


@dataclass(frozen=True, slots=True)
class Reading:
    """A question beside a text. ``answer`` is verbatim in the text, or empty; ``kind`` says how it was made."""

    origin: str
    topic: str
    kind: str
    question_id: str
    question: str
    text: str
    is_answered: bool
    answer: str = ""


class NearMisses:
    """Makes readings of the questions of one set. ``questions`` are where other names and numbers are taken from."""

    def __init__(self, origin: str, questions: Sequence[LabelledQuestion], seed: int = 0) -> None:
        self._origin, self._draw = origin, random.Random(seed)
        self._names = sorted({match.group() for question in questions for match in _names(question.text)})
        self._opposites: dict[str, list[str]] = {}
        for one, other in (pair.split() for pair in _OPPOSITES.split("|")):
            self._opposites.setdefault(one, []).append(other)
            self._opposites.setdefault(other, []).append(one)

    def of(self, question: LabelledQuestion, found: SearchResult, is_right: Sequence[bool]) -> Iterator[Reading]:
        """Yield what can be made of a question; ``is_right`` says which hits are of a document that answers it.

        The first is the question as it is, unless nobody can tell whether the text answers it.
        """
        text = excerpt(found)
        held = [answer for answer in question.answers if answer and answer in text]
        plain = Reading(self._origin, question.topic, question.kind, question.id, question.text, text, False)
        if not question.answerable:
            yield plain
            return
        is_literal = any(a in hit.passage.text for hit in found.hits for a in question.answers if a)
        without = self._without(question, found, is_right, is_literal)
        if without:
            yield replace(plain, text=without, kind="removed")
        if not held and (is_literal or not any(is_right[:1])):
            return
        yield replace(plain, is_answered=True, answer=max(held, key=len, default=""))
        for kind, made in (("swapped", self._swapped(question.text, text)), ("turned", self._turned(question, found))):
            if made:
                yield replace(plain, question=made, kind=kind)

    def _without(
        self, question: LabelledQuestion, found: SearchResult, is_right: Sequence[bool], is_literal: bool
    ) -> str | None:
        """Return the best sentences of the same passages that do not hold the answer, or else of other documents."""
        hits = (
            [_without_answers(hit, question.answers) for hit in found.hits[:_N_OPENING]]
            if is_literal
            else [hit for hit, right in zip(found.hits, is_right, strict=True) if not right]
        )
        return excerpt(replace(found, hits=tuple(hits))) or None

    def _swapped(self, question: str, text: str) -> str | None:
        """Return the question with a name or number of the text's swapped for one that is not in it."""
        shared = [match for match in _names(question) if match.group().lower() in text.lower()]
        if not shared:
            return None
        match = self._draw.choice(shared)
        is_number = match.group()[0].isdigit()
        others = [n for n in self._names if n[0].isdigit() == is_number and n.lower() not in text.lower()]
        return _put(question, match, self._draw.choice(others)) if others else None

    def _turned(self, question: LabelledQuestion, found: SearchResult) -> str | None:
        words = [match for match in _WORD.finditer(question.text) if match.group().lower() in self._opposites]
        if words:
            match = self._draw.choice(words)
            return _put(question.text, match, self._draw.choice(self._opposites[match.group().lower()]))
        verbs = [match for match in _WORD.finditer(question.text) if match.group() in _DENIED]
        if found.question.language != "en" or not verbs or self._draw.random() >= _DENY_SHARE:
            return None
        return _put(question.text, verbs[0], _DENIED[verbs[0].group()])


def _names(question: str) -> list[re.Match[str]]:
    return [m for m in _WORD.finditer(question) if (m.start() > 0 and m.group()[0].isupper()) or m.group()[0].isdigit()]


def _put(text: str, match: re.Match[str], other: str) -> str:
    return text[: match.start()] + other + text[match.end() :]


def _without_answers(hit: Hit, answers: Sequence[str]) -> Hit:
    kept = [s for s in re.split(r"(?<=[.!?])\s+", hit.passage.text) if not any(a in s for a in answers if a)]
    return replace(hit, passage=replace(hit.passage, text=" ".join(kept)))
