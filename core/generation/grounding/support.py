"""The support check: whether the passages support a model's text, and the text answers the question.

Tuned for precision, because small models invent: correct sentences may be rejected, unsupported facts may not pass.
The extractive answer (``core.generation.grounding.extractive``) replaces a rejected text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.generation.grounding.answer_type import share_held
from core.generation.grounding.candidate_sentences import CandidateSentence
from core.generation.grounding.clauses import empty_stems
from core.generation.grounding.sentence_ranking import ScoredSentence
from core.generation.grounding.sentence_support import unsupported_reason
from core.retrieval.analyzer import fold, stems
from core.retrieval.sentences import sentences
from core.types import AnalyzedQuestion, Language, Source

_MIN_LEAD = 1.0
"""Least lead of the best sentence over the second, in log-odds."""

_MIN_LATER_WORDS = 3
"""Least stems of a later sentence: it need not answer the question, and a shorter one would match nearly anything."""

_MARKER = re.compile(r"(?<!\s)\s*\[\d{1,2}(?:\s*[,;–-]\s*\d{1,2})*\]")
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
"""How a yes-or-no question begins: repeating it, affirmed or negated, answers it."""

_YES_OR_NO = re.compile(r"(?:yes|no|yeah|nope|sure|sim|não|claro)\s*(?:[,.!:;–—-]+\s*|$)", re.IGNORECASE)
"""Removed: the sentence that follows implies it, and small models get it wrong."""


@dataclass(frozen=True, slots=True)
class SupportResult:
    """The supported start of a text with its citations, empty when its first sentence is not supported.

    ``reason`` says why the rest is not, for the log; empty when all of it is.
    """

    text: str
    sources: tuple[Source, ...]
    reason: str

    @property
    def is_supported(self) -> bool:
        """Return whether any of the text is supported."""
        return bool(self.text)


class SupportCheck:
    """Checks texts against the ranked sentences of one question's passages.

    The first written sentence must be supported by the best-ranked one, which must lead by ``_MIN_LEAD``: it is taken
    for the answer. Later ones may be supported by any sentence of the same passage.
    """

    def __init__(self, question: AnalyzedQuestion, ranked: Sequence[ScoredSentence]) -> None:
        self._question = question
        self._is_closed = bool(_CLOSED.match(question.text))
        self._about = frozenset(term.stems[question.language] for term in question.terms if not term.is_framing)
        self._evidence = _evidence(question.language, ranked)

    @property
    def can_pass(self) -> bool:
        """Return whether any text can be supported: whether one sentence of the passages is clearly the best."""
        return bool(self._evidence)

    def check(self, text: str) -> SupportResult:
        """Return the sentences of ``text`` up to the first that is not supported."""
        if not self._evidence:
            return SupportResult(
                "", (), "no sentence of the passages, in the language of the question, is clearly the answer"
            )
        kept: list[tuple[str, CandidateSentence]] = []
        reason = "says nothing"
        for sentence in _written(text):
            if any(fold(sentence) == fold(earlier) for earlier, _ in kept):
                reason = "repeats itself"
            elif kept:
                evidence, reason = _supporting(sentence, self._evidence)
            else:
                evidence = self._evidence[0]
                reason = unsupported_reason(sentence, evidence) or self._evasion(sentence)
            if reason:
                reason = f"{reason}: {sentence}"
                break
            kept.append((sentence, evidence))
        return SupportResult(*_cited(kept), reason)

    def _evasion(self, sentence: str) -> str:
        """Return why a supported sentence does not answer the question; empty when it does."""
        best = self._evidence[0]
        language = best.passage.language
        said = set(stems(sentence, language))
        about = self._about.intersection(stems(best.statement, language)) - empty_stems(language)
        if said <= self._question.stems and not self._is_closed:
            return "says back the question"
        if lost := about - said:  # an answer for black and white does not answer for colour
            return f"drops {' '.join(sorted(lost))}"
        if (expected := self._question.answer_types) and not share_held(expected, sentence):
            return "holds no such thing as was asked for"
        return ""


def _evidence(language: Language, ranked: Sequence[ScoredSentence]) -> list[CandidateSentence]:
    """Return the sentences of the best one's passage, best first; empty without a clear best, or across languages.

    Empty, too, where the best is an item of a list, a row of a table or what introduces them: each of them may be the
    answer, and a small model tells one.
    """
    if not ranked or (len(ranked) > 1 and ranked[0].score - ranked[1].score < _MIN_LEAD):
        return []
    best = ranked[0].sentence
    if best.kind != "prose" or best.verbatim.rstrip().endswith(":") or best.passage.language != language:
        return []
    return [s.sentence for s in ranked if s.sentence.n == best.n]


def _supporting(sentence: str, candidates: Sequence[CandidateSentence]) -> tuple[CandidateSentence, str]:
    """Return the first candidate that supports the sentence, else the last and why it does not."""
    evidence, reason = candidates[0], "says too little to tell"
    if len(set(stems(sentence, evidence.passage.language))) < _MIN_LATER_WORDS:
        return evidence, reason
    for evidence in candidates:
        reason = unsupported_reason(sentence, evidence)
        if not reason:
            break
    return evidence, reason


def _written(text: str) -> Iterator[str]:
    """Yield the sentences of a model's text, without its own citations, lead-ins and *yes* or *no*."""
    plain = _MARKER.sub("", text)
    for span in sentences(plain):
        sentence = plain[span.start : span.end]
        for opening in (_OPENING, _YES_OR_NO):
            if said_first := opening.match(sentence):
                sentence = sentence[said_first.end() :]
        if sentence:
            yield sentence[0].upper() + sentence[1:]


def _cited(kept: Iterable[tuple[str, CandidateSentence]]) -> tuple[str, tuple[Source, ...]]:
    """Return the sentences as one text with a citation after each, and the sources, numbered as they first appear."""
    sources: dict[int, Source] = {}
    texts = []
    for sentence, evidence in kept:
        source = sources.setdefault(evidence.passage.id, replace(evidence.source, n=len(sources) + 1))
        texts.append(f"{sentence} [{source.n}]")
    return " ".join(texts), tuple(sources.values())
