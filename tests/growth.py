"""How processor time grows with the size of an input, for tests that work on untrusted text is linear."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

MAX_GROWTH = 2.6
"""The most processor time for an input of twice the size, as a multiple; 2 is linear, 4 quadratic."""

_N_TRIES = 3
_SLOW_S = 0.1
_CERTAIN, _CERTAIN_S = 2 * MAX_GROWTH, 2.0
"""A growth that nothing but the work explains where so many seconds were measured: other processes on the same caches
and cores at most double them, and a collection of all garbage takes half a second."""


def cpu_s(work: Callable[[T], object], given: T, n_times: int = 1) -> float:
    """Return the processor time of this thread for ``work(given)`` in seconds, the least of ``n_times``."""
    best = float("inf")
    for _ in range(n_times):
        start = time.thread_time()
        work(given)
        best = min(best, time.thread_time() - start)
    return best


def growth(work: Callable[[T], object], make: Callable[[int], T], size: int, quick_s: float) -> float:
    """Return how many times longer ``work`` takes for ``make(2 * n)`` than for ``make(n)``; 1 where it is quick.

    ``n`` is a sixteenth, a quarter or all of ``size``: the first that takes ``quick_s``, and then the next where the
    growth there is above ``MAX_GROWTH``, because a bounded repetition is quadratic up to its bound. Choose ``size``
    where quadratic work would take far longer than ``quick_s``.
    """
    ratio = 1.0
    for n in (size // 16, size // 4, size):
        once, twice = make(n), make(2 * n)
        spent_s = cpu_s(work, once)
        if spent_s < quick_s:
            continue
        ratio = _ratio(work, once, twice)
        if ratio <= MAX_GROWTH or spent_s > _SLOW_S:
            break
    return ratio


def _ratio(work: Callable[[T], object], once: T, twice: T) -> float:
    """Return the growth; one that seems too large is measured again, because other processes disturb caches.

    What takes ``_CERTAIN`` times as long, and ``_CERTAIN_S`` at least, is not: that would take a minute.
    """
    twice_s = cpu_s(work, twice)
    ratio = twice_s / cpu_s(work, once)
    for _ in range(_N_TRIES):
        if ratio <= MAX_GROWTH or (ratio > _CERTAIN and twice_s > _CERTAIN_S):
            break
        ratio = min(ratio, cpu_s(work, twice, 2) / cpu_s(work, once, 2))
    return ratio
