"""How a community asks and is answered, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from core.types import File


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One day (UTC): questions answered, offered the closest, declined; and 👍 and 👎 on the answers of that day."""

    day: date
    n_answered: int = 0
    n_closest: int = 0
    n_declined: int = 0
    n_up: int = 0
    n_down: int = 0

    @property
    def n_questions(self) -> int:
        """Return the number of questions."""
        return self.n_answered + self.n_closest + self.n_declined


@dataclass(frozen=True, slots=True)
class CommunityStats:
    """The figures of every day of a period, oldest first, and the number of people who asked in it."""

    days: tuple[DayFigures, ...]
    n_people: int

    @property
    def total(self) -> DayFigures:
        """Return the sums of the period, under its last day."""
        last = self.days[-1]
        return DayFigures(
            last.day,
            sum(each.n_answered for each in self.days),
            sum(each.n_closest for each in self.days),
            sum(each.n_declined for each in self.days),
            sum(each.n_up for each in self.days),
            sum(each.n_down for each in self.days),
        )


class StatsPort(Protocol):
    """The figures of a space. Bound to the space of the message."""

    async def read(self) -> CommunityStats:
        """Return the figures of the last four weeks."""
        ...

    async def draw(self, stats: CommunityStats) -> File:
        """Draw the figures as a picture, with its words in the language of the message."""
        ...
