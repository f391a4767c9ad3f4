"""The support check: whether what a model wrote stands in its passages, and answers the question.

Small models invent, so this turns good sentences away and lets no foreign fact in: what is turned away is quoted
instead (``extract``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.generation.grounding.answer_type import share_held
from core.generation.grounding.claims import empty_stems
from core.generation.grounding.sentence_ranking import ScoredSentence
from core.generation.grounding.sentence_support import objection
from core.generation.grounding.sentences import Sentence
from core.retrieval.analyzer import fold, stems
from core.retrieval.sentences import sentences
from core.types import AnalyzedQuestion, Language, Source

_DECISIVE = 1.0
"""How far the best sentence must be ahead of the next, in log-odds."""

_MIN_LATER_WORDS = 3
"""A later sentence is held to no question, so one of fewer words (*You must cut it.*) would stand nearly anywhere."""

_MARKER = re.compile(r"\s*\[\d{1,2}(?:\s*[,;–-]\s*\d{1,2})*\]")
_OPENING = re.compile(
    r"(?:[\s>*•\"“«-]+|(?:answer|resposta)\s*:"
    r"|(?:according to|based on|as \w+ in|de acordo com|segundo) [^,.]{3,40},)+\s*",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"\W*(?:is|are|am|was|were|do|does|did|can|could|may|must|will|would|should|has|have|é|são|foi|posso|pode|podem"
    r"|podemos|há|existem?|tem|têm|temos|devo|devem?|preciso|precisa)\b",
    re.IGNORECASE,
)
"""How a question begins that is answered by saying it back, affirmed or denied."""

_YES_OR_NO = re.compile(r"(?:yes|no|yeah|nope|sure|sim|não|claro)\s*(?:[,.!:;–—-]+\s*|$)", re.IGNORECASE)
"""Taken away: what follows says it too, and it is what small models get wrong."""


@dataclass(frozen=True, slots=True)
class SupportResult:
    """What stands of a text: that part, with our citations, empty when nothing does.

    ``reason`` says why the rest does not, for the log; empty when all of it stands.
    """

    text: str
    sources: tuple[Source, ...]
    reason: str

    @property
    def is_supported(self) -> bool:
        """Tell whether there is anything to show."""
        return bool(self.text)


class SupportCheck:
    """Checks what is written in answer to one question against the sentences of its passages, best first.

    The first sentence must stand on the best of them, which must be clearly the best: it is the one that answers.
    The following may stand on any of the same passage.
    """

    def __init__(self, question: AnalyzedQuestion, ranked: Sequence[ScoredSentence]) -> None:
        self._question = question
        self._is_closed = bool(_CLOSED.match(question.text))
        self._about = frozenset(term.stems[question.language] for term in question.terms if not term.is_framing)
        self._grounds = _grounds(question.language, ranked)

    @property
    def can_pass(self) -> bool:
        """Tell whether any text could stand: whether one sentence of the passages is clearly the answer."""
        return bool(self._grounds)

    def check(self, text: str) -> SupportResult:
        """Return what stands of ``text``: its sentences up to the first that does not."""
        if not self._grounds:
            return SupportResult(
                "", (), "no sentence of the passages, in the language of the question, is clearly the answer"
            )
        kept: list[tuple[str, Sentence]] = []
        reason = "says nothing"
        for sentence in _written(text):
            if any(fold(sentence) == fold(earlier) for earlier, _ in kept):
                reason = "repeats itself"
            elif kept:
                ground, reason = _first_standing(sentence, self._grounds)
            else:
                ground, reason = self._grounds[0], objection(sentence, self._grounds[0]) or self._evasion(sentence)
            if reason:
                reason = f"{reason}: {sentence}"
                break
            kept.append((sentence, ground))
        return SupportResult(*_cited(kept), reason)

    def _evasion(self, sentence: str) -> str:
        """Return how a true sentence fails to answer the question; empty when it answers."""
        best = self._grounds[0]
        language = best.passage.language
        said = set(stems(sentence, language))
        about = self._about.intersection(stems(best.statement, language)) - empty_stems(language)
        if said <= self._question.stems and not self._is_closed:
            return "says back the question"
        if lost := about - said:  # the answer for black and white is none for colour
            return f"drops {' '.join(sorted(lost))}"
        if (expected := self._question.answer_types) and not share_held(expected, sentence):
            return "holds no such thing as was asked for"
        return ""


def _grounds(language: Language, ranked: Sequence[ScoredSentence]) -> list[Sentence]:
    """Return what may be stood on, the answer first; nothing where it is not clear, or in another language."""
    if not ranked or (len(ranked) > 1 and ranked[0].score - ranked[1].score < _DECISIVE):
        return []
    best = ranked[0].sentence
    return [s.sentence for s in ranked if s.sentence.n == best.n] if best.passage.language == language else []


def _first_standing(sentence: str, grounds: Sequence[Sentence]) -> tuple[Sentence, str]:
    """Return the first ground that the sentence stands on, else the last with the objection to it."""
    ground, reason = grounds[0], "says too little to tell"
    if len(set(stems(sentence, ground.passage.language))) < _MIN_LATER_WORDS:
        return ground, reason
    for ground in grounds:
        reason = objection(sentence, ground)
        if not reason:
            break
    return ground, reason


def _written(text: str) -> Iterator[str]:
    """Yield the sentences of what a model wrote, without its own citations and the words it opens with."""
    plain = _MARKER.sub("", text)
    for span in sentences(plain):
        sentence = plain[span.start : span.end]
        for opening in (_OPENING, _YES_OR_NO):
            if said_first := opening.match(sentence):
                sentence = sentence[said_first.end() :]
        if sentence:
            yield sentence[0].upper() + sentence[1:]


def _cited(kept: Iterable[tuple[str, Sentence]]) -> tuple[str, tuple[Source, ...]]:
    """Return the sentences as one text with a citation after each, and the sources, numbered as they first appear."""
    sources: dict[int, Source] = {}
    texts = []
    for sentence, ground in kept:
        source = sources.setdefault(ground.passage.id, replace(ground.source, n=len(sources) + 1))
        texts.append(f"{sentence} [{source.n}]")
    return " ".join(texts), tuple(sources.values())
