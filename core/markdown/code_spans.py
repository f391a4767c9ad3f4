"""Inline code: which runs of backticks on a line belong together (CommonMark 0.31, section 6.1)."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable

Span = tuple[int, int]


def code_spans(runs: Iterable[Span]) -> list[Span]:
    """Return the spans ``[start, end)`` of code between ``runs`` of backticks, given in order.

    A run opens a span where a later one has its length. O(n log n) in the number of runs.
    """
    ordered = list(runs)
    by_length: defaultdict[int, list[Span]] = defaultdict(list)
    for run in ordered:
        by_length[run[1] - run[0]].append(run)
    found: list[Span] = []
    for start, end in ordered:
        alike = by_length[end - start]
        after = bisect_right(alike, (start, end))
        if after < len(alike) and (not found or start >= found[-1][1]):
            found.append((start, alike[after][1]))
    return found
