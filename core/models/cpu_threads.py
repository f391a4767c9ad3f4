"""Threads for models on a CPU, so that what runs beside them, in this process or another, does not slow them down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")


class CpuThreads:
    """Threads that compute alone, side by side.

    Sharing each operation among all of them, as torch does by itself, has them wait for one another a thousand times
    a batch: where the processors have other work too, three quarters of the speed is lost so.
    """

    def __init__(self, n: int) -> None:
        """Start ``n`` threads."""
        self._pool = ThreadPoolExecutor(n, "compute", initializer=_compute_alone)
        n_shared = torch.get_num_threads()
        all_there = Barrier(n)
        list(self._pool.map(lambda _: all_there.wait(), range(n)))
        torch.set_num_threads(n_shared)  # the number is each thread's own, but new threads begin with the last one set

    def map(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield ``work`` of every item, in order."""
        return self._pool.map(work, items)


def _compute_alone() -> None:
    torch.get_num_threads()  # a thread that has not asked yet would later take over everybody's number
    torch.set_num_threads(1)
