"""Rate limits on messages and presses: token buckets per person, per space, for all, and per channel if unaddressed.

Whoever is over a limit is told once in ``TOLD_FOR_S``, and left without a reply for the rest of it. Pure
arithmetic on an injected clock.

The buckets are in memory only. Of one bot's messages they are complete, as one process leads it; one that takes over
takes everybody for somebody who has used up a minute's tokens, so that killing leaders lifts no limit. What any process
may be asked, by programs and for summaries, is limited in the database (``core.storage.delivery.rate_buckets``).
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from core.types import Message, Person, Rate, Rates, SpaceId, community_of

MAX_BUCKETS = 20_000
"""Buckets kept; the least recently used, which is full again, is dropped first."""

TOLD_FOR_S = 60.0
"""Seconds for which one sentence about a limit is enough for a person in a space."""

COMPLETIONS_PER_MINUTE = 120.0
"""Half-typed arguments of one person that are completed in a minute: typing sends one with every letter."""

_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Bucket:
    """``n_tokens`` at the moment ``at_s``."""

    n_tokens: float
    at_s: float

    def filled(self, rate: Rate, now_s: float) -> Bucket:
        """Return the bucket as it is at ``now_s``; time that runs backwards adds nothing."""
        elapsed_s = max(0.0, now_s - self.at_s)
        return Bucket(min(rate.capacity, self.n_tokens + elapsed_s * rate.per_s), max(now_s, self.at_s))

    def wait_s(self, rate: Rate) -> float:
        """Return the seconds until there is a whole token; 0 when there is one."""
        missing = 1 - self.n_tokens
        return missing / rate.per_s if missing > _EPSILON else 0.0

    def taken(self) -> Bucket:
        """Return the bucket with one token less."""
        return Bucket(max(0.0, self.n_tokens - 1), self.at_s)


@dataclass
class MessageLimits:
    """Admits messages by every limit they fall under. ``now_s`` is a monotonic clock, in seconds."""

    rates: Rates
    now_s: Callable[[], float]
    _buckets: OrderedDict[str, Bucket] = field(default_factory=OrderedDict)
    _told_s: OrderedDict[tuple[SpaceId, str], float] = field(default_factory=OrderedDict)
    _new: Bucket = Bucket(math.inf, -math.inf)

    def take_over(self) -> None:
        """Give whoever was not seen yet one token, and what flows in from now: another process may have had them."""
        self._new = Bucket(1.0, self.now_s())

    def admit(self, message: Message) -> int:
        """Count a message against every limit it falls under and return 0.

        Over one of them it is counted against none, and the whole seconds until it would be let in are returned.
        Whoever is at the terminal owns the machine and has no limit.
        """
        if message.platform == "terminal":
            return 0
        wanted = self._rates_of(message.space, message.person)
        if not message.addressed:
            wanted.append((f"unasked:{message.space}:{message.conversation}", self.rates.unasked))
        return math.ceil(self.take(wanted))

    def admit_press(self, space: SpaceId, person: Person) -> int:
        """Count a press that is no message (a thumb, say) as ``admit`` counts a message."""
        return 0 if space.startswith("terminal:") else math.ceil(self.take(self._rates_of(space, person)))

    def admit_completion(self, person: Person) -> bool:
        """Count a completion of a half-typed argument; return whether it is within the person's limit."""
        return self.take([(f"completions:{person.id}", Rate(COMPLETIONS_PER_MINUTE))]) == 0

    def tell(self, space: SpaceId, person: Person) -> bool:
        """Return whether to tell a person of a limit: not if that was done within ``TOLD_FOR_S``."""
        key, now_s = (space, person.id), self.now_s()
        is_told = now_s - self._told_s.get(key, -math.inf) < TOLD_FOR_S
        if not is_told:
            self._told_s[key] = now_s
            self._told_s.move_to_end(key)
            if len(self._told_s) > MAX_BUCKETS:
                self._told_s.popitem(last=False)
        return not is_told

    def is_silenced(self, space: SpaceId, person: Person) -> bool:
        """Return whether a person is over a limit and was told so, so that nothing need be done. Counts nothing."""
        if self.now_s() - self._told_s.get((space, person.id), -math.inf) >= TOLD_FOR_S:
            return False
        return self._wait_s(self._filled(_limited(self._rates_of(space, person)))) > 0

    def take(self, wanted: Sequence[tuple[str, Rate]]) -> float:
        """Take a token from each of these buckets and return 0, or from none and return the seconds to wait."""
        filled = self._filled(_limited(wanted))
        wait_s = self._wait_s(filled)
        for key, (bucket, _) in filled.items():
            self._buckets[key] = bucket.taken() if wait_s == 0 else bucket
            self._buckets.move_to_end(key)
        while len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        return wait_s

    def _filled(self, limited: Sequence[tuple[str, Rate]]) -> Mapping[str, tuple[Bucket, Rate]]:
        now_s = self.now_s()
        return {key: (self._buckets.get(key, self._new).filled(rate, now_s), rate) for key, rate in limited}

    def _wait_s(self, filled: Mapping[str, tuple[Bucket, Rate]]) -> float:
        return max((bucket.wait_s(rate) for bucket, rate in filled.values()), default=0.0)

    def _rates_of(self, space: SpaceId, person: Person) -> list[tuple[str, Rate]]:
        rates = self.rates
        return [
            (f"person:{person.id}", rates.moderator if person.is_moderator else rates.person),
            (f"space:{community_of(space)}", rates.space),
            ("everyone", rates.everyone),
        ]


def _limited(wanted: Sequence[tuple[str, Rate]]) -> list[tuple[str, Rate]]:
    return [(key, rate) for key, rate in wanted if rate.per_minute > 0]
