"""Comparing a watched page with its stored text, and whether the change is relevant.

Clocks, counters and advertisements change with every fetch. So a small change is relevant once a line has differed for
a day; a change of most of the page is relevant at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from core.curation.duplicates import MIN_SIMILARITY, minhash

STANDING = timedelta(days=1)
"""How long a line must differ before a small change is relevant."""

FEW_LINES = 4
"""A change of at most so many removed and added lines is small, however short the page."""


def differing_lines(known: str, text: str, before: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Return the hashes of removed (``-``) and added (``+``) lines, each with when it was first seen (ISO 8601).

    ``before`` is the result of the last comparison.
    """
    held, read = set(_lines(known)), set(_lines(text))
    lines = [f"-{_hash(line)}" for line in sorted(held - read)] + [f"+{_hash(line)}" for line in sorted(read - held)]
    return {line: before.get(line, now.isoformat()) for line in lines}


def is_relevant_change(known: str, text: str, lines: Mapping[str, str], now: datetime) -> bool:
    """Return whether a page should be stored again; ``lines`` are from ``differing_lines``. Blocks."""
    if not lines:
        return False
    standing = {line for line, since in lines.items() if now - datetime.fromisoformat(since) >= STANDING}
    n_passing = sum(line.startswith("+") and line not in standing for line in lines)
    if any(line.startswith("+") for line in standing) or len(standing) > n_passing:
        return True  # a removed line may have been replaced by a changing one, so it does not count then
    return len(lines) > FEW_LINES and minhash(known).jaccard(minhash(text)) < MIN_SIMILARITY


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def _hash(line: str) -> str:
    return hashlib.blake2b(line.encode(), digest_size=6).hexdigest()
