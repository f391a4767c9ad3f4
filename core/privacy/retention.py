"""Retention: erasing answers older than the operator's limit (``AION_KEEP_ANSWERS_DAYS``) or their space's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.storage.people import PersonRecords
from core.types import SpaceId


async def _none_set() -> Mapping[SpaceId, int]:
    """Return that no space has set anything."""
    return {}


@dataclass(frozen=True, slots=True)
class Retention:
    """Erases answers after ``days``; 0: never. ``erasers`` erase what was derived from them outside the database.

    ``space_days`` returns the days that spaces have set, which hold where they are fewer.
    """

    people: PersonRecords
    erasers: Mapping[str, Callable[[frozenset[int]], Awaitable[int]]]
    days: int
    now: Callable[[], datetime]
    space_days: Callable[[], Awaitable[Mapping[SpaceId, int]]] = _none_set

    async def prune(self) -> str:
        """Erase answers that are too old with all that refers to them, and return the receipt."""
        receipts = [f"erased {await self._prune(self.days)}"] if self.days else []
        for space, days in (await self.space_days()).items():
            if days and (not self.days or days < self.days):
                receipts.append(f"erased in {space} {await self._prune(days, space)}")
        return "; ".join(receipts) or "AION_KEEP_ANSWERS_DAYS is 0: answers are kept"

    async def _prune(self, days: int, space: SpaceId | None = None) -> str:
        """Erase in one space, or in all.

        Files go first: cut short, the answers are still there to say which lines are left.
        """
        before = self.now() - timedelta(days=days)
        old = await self.people.answers_before(before, space)
        files = {name: await erase(old) for name, erase in self.erasers.items()}
        n_answers = await self.people.prune(before, space)
        lines = "".join(f", {n_lines} lines of {name}" for name, n_lines in files.items())
        return f"what was given before {before:%Y-%m-%d}: {n_answers} answers with their ratings{lines}"
