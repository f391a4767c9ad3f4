"""Several questions in one message: split, so that each is searched and answered by itself.

A question that is understood only with the one before it stays with that, and so do the sentences that lead to one.
Does not cover long stories (``core.chat.long_question``), of which only the asking sentences are searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from core.chat.question_recognition import is_follow_up, is_question
from core.retrieval.analyzer import query_terms
from core.retrieval.sentences import sentences

MAX_QUESTIONS = 5
"""Questions of one message that are answered; the last takes in what follows it."""

_MIN_CONTENT_OF_TWO = 2
"""Content words of each of only two questions: a shorter one leans on the other."""

_MARKER = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")


def questions_in(text: str) -> tuple[str, ...]:
    """Return the questions of a message in order, at most ``MAX_QUESTIONS``; the whole where it asks but one thing."""
    lines = [_MARKER.sub("", line).strip() for line in text.split("\n")]
    is_list = len(list(filter(None, lines))) > 1
    parts: list[str] = []
    is_asked = False  # whether the last part has its question
    for sentence in _sentences(lines):
        asks = sentence.endswith("?") or (is_list and is_question(sentence))
        leans = is_asked and asks and (not _n_content(sentence) or is_follow_up(sentence))
        if parts and (leans or not is_asked):
            parts[-1] += f" {sentence}"
            is_asked = is_asked or asks
        else:
            parts.append(sentence)
            is_asked = asks
    if len(parts) > 1 and not is_asked:  # what is told after the last question belongs to it
        parts[-2:] = [" ".join(parts[-2:])]
    if len(parts) > MAX_QUESTIONS:
        parts[MAX_QUESTIONS - 1 :] = [" ".join(parts[MAX_QUESTIONS - 1 :])]
    if len(parts) < 2 or (len(parts) == 2 and min(map(_n_content, parts)) < _MIN_CONTENT_OF_TWO):
        return (text,)
    return tuple(parts)


def _sentences(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield from (line[span.start : span.end].strip() for span in sentences(line))


def _n_content(text: str) -> int:
    return sum(not term.is_framing for term in query_terms(text))
