"""The question in a long story: only the sentences that ask are searched, where the whole would drown them."""

from __future__ import annotations

from core.chat.question_recognition import is_follow_up, is_question
from core.retrieval.sentences import sentences

LONG_CHARS = 600
"""A text up to this length is searched whole."""

MAX_QUESTIONS = 5


def question_in(text: str) -> str:
    """Return the asking sentences of a long text, at most the last ``MAX_QUESTIONS``, each on a line of its own.

    One that is understood only with the sentence before it brings that along. A text that is short, or that asks
    nothing, is returned as it is.
    """
    if len(text) <= LONG_CHARS:
        return text
    told = [text[span.start : span.end] for span in sentences(text)]
    asking = [n for n, sentence in enumerate(told) if sentence.endswith("?")]
    asking = asking or [n for n, sentence in enumerate(told) if is_question(sentence)]
    kept = {n for n in asking[-MAX_QUESTIONS:]}
    kept |= {n - 1 for n in kept if n and is_follow_up(told[n])}
    return "\n".join(told[n] for n in sorted(kept)) or text
