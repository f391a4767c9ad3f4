"""Comparing passages: which statements of some contradict which of others. Blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.conflicts.contradiction import contradict
from core.conflicts.statement import Statement, statements
from core.storage.curation.conflicts import NewConflict
from core.types import Passage

MIN_AGE = timedelta(days=1)
"""Least time between two versions of a page, one of which is then the later one."""

_SAME_WORDS = 0.6
"""Least share of the words of two texts that both have, where they are versions of one page."""

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement and the passage it is from."""

    passage: Passage
    statement: Statement


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two claims of different documents that cannot both hold, the newer first where dates are known."""

    first: Claim
    second: Claim

    def as_new(self, *, holds: bool = False) -> NewConflict:
        """Return it as it is stored; ``holds``: the first is a later version of the same page."""
        first, second = self.first, self.second
        return NewConflict(
            first.passage.document_id,
            first.statement.text,
            second.passage.document_id,
            second.statement.text,
            holds,
        )

    def newest_first(self, dates: Mapping[int, datetime]) -> Contradiction:
        """Return it with the newer claim first, by the dates of the documents."""
        first, second = (dates[each.passage.document_id] for each in (self.first, self.second))
        return self if first >= second else Contradiction(self.second, self.first)


def claims(passages: Sequence[Passage], said: str | None = None) -> list[Claim]:
    """Return the claims of passages; only those that stand in ``said`` where it is given."""
    return [
        Claim(passage, statement)
        for passage in passages
        for statement in statements(passage)
        if said is None or statement.text in said
    ]


def contradictions(ours: Sequence[Claim], theirs: Sequence[Claim]) -> list[Contradiction]:
    """Return the pairs of a claim of ours and one of theirs that contradict each other, each pair of texts once."""
    found: dict[frozenset[str], Contradiction] = {}
    for one, other in _pairs(ours, theirs):
        if contradict(one.statement, other.statement):
            found.setdefault(frozenset((one.statement.text, other.statement.text)), Contradiction(one, other))
    return list(found.values())


def _pairs(ours: Sequence[Claim], theirs: Sequence[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Yield the pairs that can be compared; a document does not contradict itself."""
    for one in ours:
        for other in theirs:
            if one.passage.document_id != other.passage.document_id:
                yield one, other


def are_versions(pair: Contradiction, dates: Mapping[int, datetime], texts: tuple[str, str]) -> bool:
    """Return whether the documents of a pair are two versions of one page: their title, and most of their words.

    ``texts`` are theirs. They must be of different days, so that one is the later one.
    """
    first, second = pair.first.passage, pair.second.passage
    if _words(first.document) != _words(second.document) or _words(first.heading) != _words(second.heading):
        return False
    if abs(dates[first.document_id] - dates[second.document_id]) < MIN_AGE:
        return False
    ours, theirs = map(_words, texts)
    return len(ours & theirs) >= _SAME_WORDS * len(ours | theirs)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))
