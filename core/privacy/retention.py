"""Retention: erasing answers older than the operator's limit (``AION_KEEP_ANSWERS_DAYS``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.storage.people import PersonRecords


@dataclass(frozen=True, slots=True)
class Retention:
    """Erases answers after ``days``; 0: never. ``erasers`` erase what was derived from them outside the database."""

    people: PersonRecords
    erasers: Mapping[str, Callable[[frozenset[int]], Awaitable[int]]]
    days: int
    now: Callable[[], datetime]

    async def prune(self) -> str:
        """Erase answers that are too old with all that refers to them, and return the receipt.

        Files go first: cut short, the answers are still there to say which lines are left.
        """
        if not self.days:
            return "AION_KEEP_ANSWERS_DAYS is 0: answers are kept"
        before = self.now() - timedelta(days=self.days)
        old = await self.people.answers_before(before)
        files = {name: await erase(old) for name, erase in self.erasers.items()}
        n_answers = await self.people.prune(before)
        lines = "".join(f", {n_lines} lines of {name}" for name, n_lines in files.items())
        return f"erased what was given before {before:%Y-%m-%d}: {n_answers} answers with their ratings{lines}"
