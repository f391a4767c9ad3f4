"""How often something may happen, and how often what people and programs ask."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate of ``per_minute`` messages, which is also the largest burst; 0 is no limit."""

    per_minute: float

    @property
    def capacity(self) -> float:
        """Return the largest burst: a minute's tokens, at least 1."""
        return max(1.0, self.per_minute)

    @property
    def per_s(self) -> float:
        """Return how fast a bucket fills, tokens/s."""
        return self.per_minute / 60


@dataclass(frozen=True, slots=True)
class Rates:
    """The rate of each limit. ``unasked``: unaddressed messages of one channel that are searched."""

    person: Rate = Rate(12)
    moderator: Rate = Rate(60)
    space: Rate = Rate(120)
    everyone: Rate = Rate(600)
    unasked: Rate = Rate(10)
