"""Conflicts: statements of a space that contradict each other, and the decision which of them holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.types import Conflict, ConflictStatus, Reply

VERDICTS: tuple[ConflictStatus, ...] = ("first", "second", "both", "unrelated")
"""What can be decided, in the order of the buttons."""


@dataclass(frozen=True, slots=True)
class ConflictPage:
    """Some conflicts of a space, open ones first; pages are counted from 1."""

    conflicts: Sequence[Conflict]
    number: int
    n_pages: int
    n_conflicts: int


@dataclass(frozen=True, slots=True)
class ConflictVerdict:
    """A conflict after an attempt to settle it; not ``is_new``: somebody else had decided it before."""

    conflict: Conflict
    is_new: bool


class ConflictsPort(Protocol):
    """The conflicts of a space. Bound to the space and the person of the message."""

    async def page(self, number: int) -> ConflictPage:
        """Return a page of the conflicts; the last one where there are fewer."""
        ...

    async def card(self, number: int) -> Reply:
        """Return a conflict as it is shown, with a button for each decision.

        Raises ``BadInput`` when the space has none of that number.
        """
        ...

    async def decide(self, number: int, verdict: str) -> Conflict:
        """Decide a conflict, or undo that by ``open``; what lost no longer answers. Return it as it is then.

        Raises ``BadInput`` on an unknown number or verdict.
        """
        ...

    async def settle(self, number: int, verdict: str) -> ConflictVerdict:
        """Decide a conflict that is open; one that somebody decided stays as it is.

        Raises ``BadInput`` on an unknown number or verdict.
        """
        ...
