"""Rate limits on messages: token buckets per person, per space, for all, and per channel for unaddressed messages.

Pure arithmetic on an injected clock. The buckets are in memory only: a restart refills them.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core.types import Message

MAX_BUCKETS = 20_000
"""Buckets kept; the least recently used, which is full again, is dropped first."""

_EPSILON = 1e-9


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


@dataclass(frozen=True, slots=True)
class Rates:
    """The rate of each limit. ``unasked``: unaddressed messages of one channel that are searched."""

    person: Rate = Rate(20)
    moderator: Rate = Rate(60)
    space: Rate = Rate(120)
    everyone: Rate = Rate(600)
    unasked: Rate = Rate(10)


@dataclass(frozen=True)
class MessageLimits:
    """Admits messages by every limit they fall under. ``now_s`` is a monotonic clock, in seconds."""

    rates: Rates
    now_s: Callable[[], float]
    _buckets: OrderedDict[str, Bucket] = field(default_factory=OrderedDict)

    def admit(self, message: Message) -> int:
        """Count a message against every limit it falls under and return 0.

        Over one of them it is counted against none, and the whole seconds until it would be let in are returned.
        Whoever is at the terminal owns the machine and has no limit.
        """
        return 0 if message.platform == "terminal" else math.ceil(self.take(self._rates_of(message)))

    def take(self, wanted: Sequence[tuple[str, Rate]]) -> float:
        """Take a token from each of these buckets and return 0, or from none and return the seconds to wait."""
        limited = [(key, rate) for key, rate in wanted if rate.per_minute > 0]
        now_s = self.now_s()
        buckets = {
            key: self._buckets.get(key, Bucket(rate.capacity, now_s)).filled(rate, now_s) for key, rate in limited
        }
        wait_s = max((buckets[key].wait_s(rate) for key, rate in limited), default=0.0)
        for key, bucket in buckets.items():
            self._buckets[key] = bucket.taken() if wait_s == 0 else bucket
            self._buckets.move_to_end(key)
        while len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        return wait_s

    def _rates_of(self, message: Message) -> list[tuple[str, Rate]]:
        rates, person = self.rates, message.person
        wanted = [
            (f"person:{person.id}", rates.moderator if person.is_moderator else rates.person),
            (f"space:{message.space}", rates.space),
            ("everyone", rates.everyone),
        ]
        if not message.addressed:
            wanted.append((f"unasked:{message.space}:{message.conversation}", rates.unasked))
        return wanted
