"""Worker threads for models on a CPU, each computing with a single intra-op thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")


class CpuThreads:
    """A thread pool in which every thread runs torch single-threaded.

    torch's default, splitting each operation over all threads, synchronises them about a thousand times a batch; when
    the processors are shared with other work, that loses up to three quarters of the speed.
    """

    def __init__(self, n: int) -> None:
        """Start ``n`` threads."""
        self._pool = ThreadPoolExecutor(n, "compute", initializer=_compute_alone)
        n_shared = torch.get_num_threads()
        all_there = Barrier(n)
        list(self._pool.map(lambda _: all_there.wait(), range(n)))
        torch.set_num_threads(n_shared)  # the number is each thread's own, but new threads begin with the last one set

    def map(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Yield ``work(item)`` for every item, in order."""
        return self._pool.map(work, items)


def _compute_alone() -> None:
    torch.get_num_threads()  # a thread that has not asked yet would later take over everybody's number
    torch.set_num_threads(1)
