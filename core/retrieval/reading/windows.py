"""Windows: the stretches of a passage that a reader reads, each under its document's title and heading.

Does not cover what is made of them (``core.retrieval.reading.window_reader``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.confidence.spelling import prefixes
from core.retrieval.sentences import sentences
from core.types import Passage

WINDOW_CHARS = 360
"""A window is at most this long, unless a single sentence is longer."""

_MAX_TITLE_CHARS, _MAX_HEADING_CHARS = 60, 100


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive sentences of a passage: ``body == text[start:][:len(body)]``; ``name`` is what they stand under."""

    name: str
    body: str
    start: int


def windows_of(passage: Passage) -> Sequence[Window]:
    """Cut a passage between sentences into windows of about equal length; each sentence is in exactly one."""
    return _windows(_named(passage.document, passage.heading), passage.text)


def windows_to_read(passage: Passage, asked: Collection[str], n: int) -> Sequence[Window]:
    """Return the ``n`` windows that hold most of the spelling prefixes ``asked``, in their order; of equals, the first.

    What else was searched does not change them.
    """
    cut = windows_of(passage)
    if len(cut) <= n:
        return cut
    wanted = set(asked)
    held = [len(wanted & set(prefixes(window.body))) for window in cut]
    best = sorted(range(len(cut)), key=lambda place: -held[place])[:n]
    return [cut[place] for place in sorted(best)]


def _named(title: str, heading: str) -> str:
    return "\n".join(part for part in (title[-_MAX_TITLE_CHARS:], heading[-_MAX_HEADING_CHARS:]) if part)


@lru_cache(maxsize=4096)
def _windows(name: str, text: str) -> tuple[Window, ...]:
    # Cached, because the same passages are found for many questions.
    spans = sentences(text)
    if not spans:
        return ()
    n_chars = spans[-1].end - spans[0].start
    goal = n_chars / -(-n_chars // WINDOW_CHARS)
    cut: list[Window] = []
    start = spans[0].start
    for span, following in zip(spans, [*spans[1:], None], strict=True):
        is_full = following is not None and following.end - start > WINDOW_CHARS
        if following is None or is_full or span.end - start >= goal:
            cut.append(Window(name, text[start : span.end].rstrip(), start))
            start = following.start if following is not None else span.end
    return tuple(cut)
