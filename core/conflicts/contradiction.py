"""Whether two statements contradict each other: they say the same of the same, but for a figure or a *not*.

Precise rather than eager: statements about different things, groups, seasons or years do not contradict each other,
and neither do those of which one says more than the other. The bounds were chosen on one half of
``bench/conflicts.jsonl`` and judged on the other (``make bench-conflicts``).
"""

from __future__ import annotations

from itertools import zip_longest

from core.conflicts.statement import Statement

MIN_SHARED = 0.5
"""Least share of the words of both that both have."""

MAX_EXTRA = 4
"""Most words that one of them has and the other, with its headings, has not."""


def contradict(first: Statement, second: Statement) -> bool:
    """Return whether not both statements can hold."""
    if first.language != second.language or not first.words & second.words:
        return False
    if first.is_negative == second.is_negative:
        return _values_differ(first, second) and _have_same_subject(first, second)
    if first.values != second.values or not _have_same_subject(first, second):
        return False
    return first.words <= second.words | second.about and second.words <= first.words | first.about


def _values_differ(first: Statement, second: Statement) -> bool:
    """Return whether both tell values of one kind and unit, and neither only repeats some of the other's."""
    for key in first.values.keys() & second.values.keys():
        ours, theirs = first.values[key], second.values[key]
        if not (ours <= theirs or theirs <= ours):
            return True
    return False


def _have_same_subject(first: Statement, second: Statement) -> bool:
    """Return whether both are about the same: words, headings, groups, seasons, years."""
    if first.scope != second.scope or (first.rates and second.rates and first.rates != second.rates):
        return False
    ours, theirs = first.words - second.words, second.words - first.words
    if ours and theirs and (ours - second.about or theirs - first.about):
        return False
    if len(ours | theirs) > MAX_EXTRA or (ours - second.about) & first.lead or (theirs - first.about) & second.lead:
        return False
    if len(first.words & second.words) < MIN_SHARED * min(len(first.words), len(second.words)):
        return False
    return not _are_siblings(first, second) and first.limits == second.limits


def _are_siblings(first: Statement, second: Statement) -> bool:
    """Return whether they stand under names that differ in a part of them: *North branch* and *South branch*."""
    if len(first.words | second.words) < 2 and first.parts[-1] - first.words != second.parts[-1] - second.words:
        return True
    for ours, theirs in zip_longest(first.parts, second.parts, fillvalue=frozenset[str]()):
        if ours & theirs and ours - theirs and theirs - ours:
            return True
    return False
