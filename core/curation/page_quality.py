"""How good a page is to learn from: a score of several marks, each 0..1, so that one very bad mark sinks it.

``baseline_score`` is the specification's (section 7.2): ``0.7 · entropy + 0.3 · length``. It tells prose from filler
but not a menu from an article; ``judge`` also looks at how the text is laid out, whose language it is in, and what it
was looked for. Thresholds of layout follow those of FineWeb's filter. Blocks; call it through ``core.offload``.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from core.retrieval.analyzer import distinct_stems, fold, stop_words
from core.types import Language

WEIGHTS: Mapping[str, float] = {
    "entropy": 2.5,
    "length": 1.5,
    "sentences": 1.5,
    "prose": 1.0,
    "novelty": 1.5,
    "language": 1.5,
    "freshness": 0.25,
    "relevance": 2.0,
}
"""What each mark counts for in their geometric mean; a mark that cannot be given is left out."""

MIN_SCORE = 0.65
"""What is worth a moderator's time."""

FULL_LENGTH_CHARS = 10_000
"""The specification's length of a text that could not be longer."""

_ENOUGH_WORDS = 200
_RICH_ENTROPY = 0.6
"""Prose stays above this even where it is as long as a book."""
_SHORT_LINE_CHARS = 30
_STOP_WORD_SHARE = 0.25
"""In running English or Portuguese at least one word in four is a stop-word."""
_STALE_YEARS = 10.0
_WORD = re.compile(r"\w+")
_ENDS = (".", "!", "?", "…", ":", ";", '"', "”", ")")
_FLOOR = 0.01


@dataclass(frozen=True, slots=True)
class PageQuality:
    """A page's score, 0..1, and the marks it comes from."""

    score: float
    marks: Mapping[str, float]

    @property
    def is_good(self) -> bool:
        """Tell whether it is worth a moderator's time."""
        return self.score >= MIN_SCORE

    @property
    def weakest(self) -> str:
        """Return the mark that cost most."""
        return min(self.marks, key=lambda name: WEIGHTS[name] * math.log(max(self.marks[name], _FLOOR)))


def judge(
    text: str, language: Language, *, theme: str = "", title: str = "", date: datetime | None = None
) -> PageQuality:
    """Return the quality of a page's text, as something to learn about ``theme`` from (any, where it is empty)."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    words = _WORD.findall(fold(text))
    marks = {
        "entropy": min(1.0, word_entropy(words) / _RICH_ENTROPY) ** 2,
        "length": min(1.0, len(words) / _ENOUGH_WORDS),
        "sentences": _share(lines, lambda line: line.endswith(_ENDS)),
        "prose": _share(lines, lambda line: len(line) > _SHORT_LINE_CHARS),
        "novelty": _novelty(lines),
        "language": _language_match(words, language),
    }
    if date is not None:
        marks["freshness"] = freshness(date, datetime.now(UTC))
    if theme:
        marks["relevance"] = relevance(theme, f"{title}\n{text}", language)
    return PageQuality(_mean(marks), marks)


def baseline_score(text: str) -> float:
    """Return the specification's score, 0..1 (section 7.2), with entropy normalised as in ``word_entropy``."""
    words = _WORD.findall(fold(text))
    return 0.7 * word_entropy(words) + 0.3 * min(1.0, len(text) / FULL_LENGTH_CHARS)


def word_entropy(words: list[str]) -> float:
    """Return the Shannon entropy of a text's words over the most it could have, ``log2 n``; 0 for a single word."""
    if len(words) < 2:
        return 0.0
    shares = [count / len(words) for count in Counter(words).values()]
    return -sum(share * math.log2(share) for share in shares) / math.log2(len(words))


def freshness(date: datetime, now: datetime) -> float:
    """Return 1 for a page of today, falling evenly to 0.2 for one of ten years ago and older."""
    years = max(0.0, (now - date).days / 365.25)
    return 1.0 - 0.8 * min(1.0, years / _STALE_YEARS)


def relevance(theme: str, text: str, language: Language) -> float:
    """Return which share of a theme's words a text has, 0..1; 1 for a theme of stop-words alone."""
    wanted = distinct_stems(theme, language)
    return len(wanted & distinct_stems(text, language)) / len(wanted) if wanted else 1.0


def _mean(marks: Mapping[str, float]) -> float:
    """Return the weighted geometric mean of marks."""
    weight = sum(WEIGHTS[name] for name in marks)
    return math.exp(sum(WEIGHTS[name] * math.log(max(mark, _FLOOR)) for name, mark in marks.items()) / weight)


def _share(lines: list[str], is_good: Callable[[str], bool]) -> float:
    """Return the share of characters that stand in good lines; headings and list items need not end as sentences."""
    n_chars = sum(map(len, lines))
    return sum(len(line) for line in lines if is_good(line)) / n_chars if n_chars else 0.0


def _novelty(lines: list[str]) -> float:
    """Return the share of characters that stand in lines said for the first time."""
    n_chars = sum(map(len, lines))
    return sum(map(len, set(lines))) / n_chars if n_chars else 0.0


def _language_match(words: list[str], language: Language) -> float:
    """Return how much a text reads like running words of ``language``, by its stop-words."""
    if not words:
        return 0.0
    stop = stop_words(language)
    return min(1.0, sum(word in stop for word in words) / len(words) / _STOP_WORD_SHARE)
