"""Time and memory of what is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import psutil


@dataclass
class Elapsed:
    """Seconds by the clock and of this process's processor time; both 0 until the block has ended."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def timed() -> Iterator[Elapsed]:
    """Time the block."""
    elapsed, start_s, start_cpu_s = Elapsed(), time.perf_counter(), time.process_time()
    yield elapsed
    elapsed.wall_s, elapsed.cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu_s


def p50_p95(values: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 95th percentile, in the unit of ``values``."""
    median, high = np.percentile(values, [50, 95])
    return float(median), float(high)


def resident_mb(pid: int | None = None) -> float:
    """Return the resident memory of a process, by default this one, in MB (10^6 bytes)."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6


async def wait_until(holds: Callable[[], object], timeout_s: float, pause_s: float = 0.25) -> bool:
    """Poll ``holds`` every ``pause_s``; return whether it came true within ``timeout_s``."""
    end_s = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > end_s:
            return False
        await asyncio.sleep(pause_s)
    return True
