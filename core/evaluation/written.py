"""Metrics of written answers: exact match, token F1, citations and abstention.

Exact match and token F1 are SQuAD's (Rajpurkar et al. 2016), with the articles of English and Portuguese left out.
"""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.normal_form import normal_form

_ARTICLES = re.compile(r"\b(?:a|an|the|o|as|os|um|uma|uns|umas)\b")
_MARKER = re.compile(r"\[\d+\]")
_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation + "“”‘’«»–—…", " "))


@dataclass(frozen=True, slots=True)
class EvaluatedReply:
    """The reply to one question: ``cited`` are the texts of its source passages, ``expected`` the reference answers."""

    answerable: bool
    text: str
    abstained: bool
    cited: Sequence[str]
    expected: Sequence[str]
    latency_ms: float


def normalised(text: str) -> str:
    """Return ``text`` in lower case without citation markers, punctuation and articles."""
    plain = normal_form("NFKC", _MARKER.sub(" ", text)).lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", plain).split())


def exact_match(text: str, expected: Iterable[str]) -> float:
    """Return 1 when ``text`` equals an expected answer after normalisation, else 0."""
    return float(normalised(text) in {normalised(answer) for answer in expected})


def token_f1(text: str, expected: Iterable[str]) -> float:
    """Return the best token F1 of ``text`` with an expected answer, 0..1."""
    return max((_f1(normalised(text).split(), normalised(answer).split()) for answer in expected), default=0.0)


def written_metrics(replies: Sequence[EvaluatedReply]) -> Mapping[str, float | None]:
    """Return the measures by name; ``None`` where no reply has them.

    ``exact_match`` and ``token_f1`` are over answerable questions with expected answers (0 for an abstention),
    ``cited_contains_answer`` over those of them that were answered. ``abstained_rightly`` is the share of unanswerable
    questions that were declined, ``answered`` the share of answerable ones that were not declined, ``unsupported`` the
    share of unanswerable questions among all that were answered.
    """
    answerable = [reply for reply in replies if reply.answerable]
    known = [reply for reply in answerable if reply.expected]
    said = [reply for reply in replies if not reply.abstained]
    return {
        "exact_match": _mean(0.0 if each.abstained else exact_match(each.text, each.expected) for each in known),
        "token_f1": _mean(0.0 if each.abstained else token_f1(each.text, each.expected) for each in known),
        "cited_contains_answer": _mean(_cites(each) for each in known if not each.abstained),
        "answered": _mean(not each.abstained for each in answerable),
        "abstained_rightly": _mean(each.abstained for each in replies if not each.answerable),
        "unsupported": _mean(not each.answerable for each in said),
        "p50_ms": _middle([each.latency_ms for each in replies]),
    }


def _cites(reply: EvaluatedReply) -> bool:
    cited = [f" {normalised(text)} " for text in reply.cited]
    return any(f" {normalised(answer)} " in text for answer in reply.expected for text in cited)


def _f1(one: Sequence[str], other: Sequence[str]) -> float:
    if not one or not other:
        return float(one == other)
    n_common = sum((Counter(one) & Counter(other)).values())
    return 2 * n_common / (len(one) + len(other))


def _mean(values: Iterable[float]) -> float | None:
    held = [float(value) for value in values]
    return math.fsum(held) / len(held) if held else None


def _middle(values: Sequence[float]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None
