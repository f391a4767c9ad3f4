"""The quality of a page as a source: a weighted geometric mean of marks, each 0..1, so that one low mark suffices.

``baseline_score`` is the specification's (section 7.2): ``0.7 · entropy + 0.3 · length``. It separates prose from
filler but not articles from menus; ``judge`` adds layout, language, freshness and relevance. Thresholds of layout
follow FineWeb's filter. Blocks; call it through ``core.offload``.
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
"""The weight of each mark in the geometric mean; a mark that cannot be computed is left out."""

MIN_SCORE = 0.65
"""The least score of a page that is proposed."""

FULL_LENGTH_CHARS = 10_000
"""The length with the full mark, in the specification."""

_ENOUGH_WORDS = 200
_RICH_ENTROPY = 0.6
"""Normalised entropy with the full mark; prose of any length is above it."""
_SHORT_LINE_CHARS = 30
_STOP_WORD_SHARE = 0.25
"""The least share of stop-words in English or Portuguese prose."""
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
        """Return whether the score is at least ``MIN_SCORE``."""
        return self.score >= MIN_SCORE

    @property
    def weakest(self) -> str:
        """Return the name of the mark that lowers the score most."""
        return min(self.marks, key=lambda name: WEIGHTS[name] * math.log(max(self.marks[name], _FLOOR)))


def judge(
    text: str, language: Language, *, theme: str = "", title: str = "", date: datetime | None = None
) -> PageQuality:
    """Return the quality of a page's text; relevance to ``theme`` counts unless it is empty."""
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
    """Return the Shannon entropy of the words divided by its maximum ``log2 n``, 0..1; 0 for a single word."""
    if len(words) < 2:
        return 0.0
    shares = [count / len(words) for count in Counter(words).values()]
    return -sum(share * math.log2(share) for share in shares) / math.log2(len(words))


def freshness(date: datetime, now: datetime) -> float:
    """Return 1 for a page of today, falling linearly to 0.2 at ten years of age."""
    years = max(0.0, (now - date).days / 365.25)
    return 1.0 - 0.8 * min(1.0, years / _STALE_YEARS)


def relevance(theme: str, text: str, language: Language) -> float:
    """Return the share of the theme's stems that the text has, 0..1; 1 for a theme of stop-words only."""
    wanted = distinct_stems(theme, language)
    return len(wanted & distinct_stems(text, language)) / len(wanted) if wanted else 1.0


def _mean(marks: Mapping[str, float]) -> float:
    """Return the weighted geometric mean of marks, each at least ``_FLOOR``."""
    weight = sum(WEIGHTS[name] for name in marks)
    return math.exp(sum(WEIGHTS[name] * math.log(max(mark, _FLOOR)) for name, mark in marks.items()) / weight)


def _share(lines: list[str], is_good: Callable[[str], bool]) -> float:
    """Return the share of characters in lines for which ``is_good``; by characters, short headings hardly count."""
    n_chars = sum(map(len, lines))
    return sum(len(line) for line in lines if is_good(line)) / n_chars if n_chars else 0.0


def _novelty(lines: list[str]) -> float:
    """Return the share of characters in distinct lines."""
    n_chars = sum(map(len, lines))
    return sum(map(len, set(lines))) / n_chars if n_chars else 0.0


def _language_match(words: list[str], language: Language) -> float:
    """Return the share of the language's stop-words relative to prose, 0..1."""
    if not words:
        return 0.0
    stop = stop_words(language)
    return min(1.0, sum(word in stop for word in words) / len(words) / _STOP_WORD_SHARE)
