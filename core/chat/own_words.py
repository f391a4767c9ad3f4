"""The words that a follow-up adds to the question before it: they weigh most, and what names none of them is no answer.

*How long is the vacation? – What about guests?*: a passage about guests comes first; where none names them, a passage
about the vacation is at most the closest. Does not cover whether the two questions belong together
(``core.chat.follow_up``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.retrieval.analyzer import fold
from core.retrieval.search import diverse
from core.types import AnalyzedQuestion, Hit, QueryTerm, SearchResult

OWN_WORDS_NATS = 5.0
"""What a passage that holds all of a follow-up's own words gains in fused score. On ``bench/dialogues.jsonl``, anything
from 4 to 10 ranks alike, and better than less."""

NEARLY_NATS = 15.0
"""On ``bench/dialogues.jsonl``, passages with all of a question's own words are within 10 of the first where it changes
the subject, and 17 away where it does not."""

N_QUOTED = 3
"""The first passages, of which an answer is made."""


def own_words(asked: AnalyzedQuestion, before: AnalyzedQuestion) -> tuple[QueryTerm, ...]:
    """Return the content words of a question that the one before it has not, in any language's stems."""
    said = {stem for term in before.terms for stem in term.stems.values()}
    return tuple(term for term in asked.terms if not term.is_framing and said.isdisjoint(term.stems.values()))


def weighing(found: SearchResult, own: Sequence[QueryTerm]) -> SearchResult:
    """Return the hits ranked anew: each gains ``OWN_WORDS_NATS`` by the share, in idf, of ``own`` that it holds."""
    total = sum(term.idf for term in own)
    if not total:
        return found
    gains = (sum(term.idf for term in _held(found, hit, own)) / total * OWN_WORDS_NATS for hit in found.hits)
    weighed = (replace(hit, score=hit.score + gain) for hit, gain in zip(found.hits, gains, strict=True))
    hits = tuple(sorted(weighed, key=lambda hit: -hit.score))
    return replace(found, hits=hits, context=diverse(hits))


def is_elsewhere(alone: SearchResult, joined: SearchResult, own: Sequence[QueryTerm]) -> bool:
    """Return whether the first passage found for a question alone has all of its own words, and the joined's has none.

    It is nearly as well found for both together: within ``NEARLY_NATS`` of the fused score.
    """
    if not (own and alone.hits and joined.hits):
        return False
    first, best = alone.hits[0], joined.hits[0]
    scores = [hit.score for hit in joined.hits if hit.passage.id == first.passage.id]
    is_near = bool(scores) and best.score - scores[0] <= NEARLY_NATS
    return is_near and len(_held(alone, first, own)) == len(own) and not _held(joined, best, own)


def unmentioned(found: SearchResult, own: Sequence[QueryTerm]) -> tuple[QueryTerm, ...]:
    """Return ``own`` where none of the first ``N_QUOTED`` hits holds any of them; nothing where one does or none could.

    Stems of another language than the question's do not compare.
    """
    first = found.hits[:N_QUOTED]
    is_comparable = any(hit.passage.language == found.question.language for hit in first)
    return tuple(own) if is_comparable and not any(_held(found, hit, own) for hit in first) else ()


def as_typed(words: Sequence[QueryTerm], text: str) -> str:
    """Return the words of a text that these terms were made of, in its own spelling; empty without terms."""
    wanted = {term.text for term in words}
    typed = (word.strip(".,;:!?¿¡()\"'“”«»") for word in text.split())
    return " ".join(word for word in typed if fold(word) in wanted) or " ".join(term.text for term in words)


def _held(found: SearchResult, hit: Hit, own: Sequence[QueryTerm]) -> list[QueryTerm]:
    language, terms = hit.passage.language, found.question.terms
    held = {terms[place].stems[language] for place in hit.matched}
    return [term for term in own if term.stems[language] in held]
