"""How processor time grows with the size of an input, for tests that work on untrusted text is linear."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

MAX_GROWTH = 2.6
"""The most processor time for an input of twice the size, as a multiple; 2 is linear, 4 quadratic."""

_N_TRIES = 3


def cpu_s(work: Callable[[T], object], given: T, n_times: int = 1) -> float:
    """Return the processor time of this thread for ``work(given)`` in seconds, the least of ``n_times``."""
    best = float("inf")
    for _ in range(n_times):
        start = time.thread_time()
        work(given)
        best = min(best, time.thread_time() - start)
    return best


def growth(work: Callable[[T], object], make: Callable[[int], T], size: int, quick_s: float) -> float:
    """Return how many times longer ``work`` takes for ``make(2 * n)`` than for ``make(n)``.

    ``n`` is the least of a sixteenth, a quarter and all of ``size`` that takes ``quick_s``; 1 when none does, so choose
    ``size`` where quadratic work would take far longer. A growth above ``MAX_GROWTH`` is measured again, because other
    processes disturb caches.
    """
    for n in (size // 16, size // 4, size):
        once, twice = make(n), make(2 * n)
        if cpu_s(work, once) >= quick_s:
            break
    else:
        return 1.0
    ratio = cpu_s(work, twice) / cpu_s(work, once)
    for _ in range(_N_TRIES):
        if ratio <= MAX_GROWTH:
            break
        ratio = min(ratio, cpu_s(work, twice, 2) / cpu_s(work, once, 2))
    return ratio
