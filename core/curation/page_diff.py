"""What changed on a page since it was learned, and whether that is worth learning.

Clocks, counters and advertisements make a page differ every time it is fetched. So a small change counts once the same
line has differed for a day; one that rewrites the page counts at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from core.curation.duplicates import SAME, sign

STANDING = timedelta(days=1)
"""How long a line must differ before a small change counts."""

FEW_LINES = 4
"""A change of no more lines, gone and new ones together, is small however short the page."""


def differing(known: str, text: str, before: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Return the lines in which two texts differ, hashed, each with when that was first seen (ISO 8601)."""
    held, read = set(_lines(known)), set(_lines(text))
    lines = [f"-{_hash(line)}" for line in sorted(held - read)] + [f"+{_hash(line)}" for line in sorted(read - held)]
    return {line: before.get(line, now.isoformat()) for line in lines}


def is_change(known: str, text: str, lines: Mapping[str, str], now: datetime) -> bool:
    """Tell whether a page that differs in these lines is to be learned anew. Blocks."""
    if not lines:
        return False
    standing = {line for line, since in lines.items() if now - datetime.fromisoformat(since) >= STANDING}
    n_passing = sum(line.startswith("+") and line not in standing for line in lines)
    if any(line.startswith("+") for line in standing) or len(standing) > n_passing:
        return True  # a line that is gone says nothing where a passing one may stand in its place
    return len(lines) > FEW_LINES and sign(known).jaccard(sign(text)) < SAME


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def _hash(line: str) -> str:
    return hashlib.blake2b(line.encode(), digest_size=6).hexdigest()
