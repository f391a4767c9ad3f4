"""The extractive answer: the best-ranked sentences of the passages as verbatim quotes, with their sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.generation.grounding.candidate_sentences import CandidateSentence, cut
from core.generation.grounding.sentence_ranking import ScoredSentence
from core.texts import say
from core.types import Language, Source

_MAX_SENTENCES = 3
_MARGIN = 1.1
"""Largest distance of a quoted sentence from the best, in log-odds: a third as likely."""

_MAX_SENTENCE_CHARS = 600


@dataclass(frozen=True, slots=True)
class Extract:
    """An answer made of quotes."""

    text: str
    sources: tuple[Source, ...]


def extract(ranked: Sequence[ScoredSentence], language: Language) -> Extract | None:
    """Return the best one to three of the sentences, introduced in ``language``; ``None`` when there are none."""
    if not ranked:
        return None
    best = ranked[0]
    near = [scored.sentence for scored in ranked[:_MAX_SENTENCES] if scored.score >= best.score - _MARGIN]
    numbers = {number: n for n, number in enumerate(dict.fromkeys(sentence.n for sentence in near), start=1)}
    sources = {sentence.n: replace(sentence.source, n=numbers[sentence.n]) for sentence in reversed(near)}
    lcs_length = sorted(near, key=lambda sentence: (numbers[sentence.n], sentence.start))
    quotes = [f"> {_shown(sentence)} [{numbers[sentence.n]}]" for sentence in _without_repeats(lcs_length)]
    lead = say(language, f"extract.{best.sentence.passage.language}")
    return Extract("\n".join([lead, *quotes]), tuple(sorted(sources.values(), key=lambda source: source.n)))


def _without_repeats(chosen: Sequence[CandidateSentence]) -> list[CandidateSentence]:
    """Return the sentences without those that are part of the next one's quote."""
    quoted = {(s.n, s.quote_start) for s in chosen if s.quote_start != s.start}
    return [s for s in chosen if s.quote_start != s.start or (s.n, s.start) not in quoted]


def _shown(sentence: CandidateSentence) -> str:
    text = sentence.text
    return text if len(text) <= _MAX_SENTENCE_CHARS else f"{cut(text, _MAX_SENTENCE_CHARS)} …"
