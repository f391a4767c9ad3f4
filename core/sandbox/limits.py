"""Limits that a sandbox sets on itself. Nothing where the system has none (Windows)."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NICENESS = 10
"""Added to the priority number, so that the event loop of the parent gets the processor first."""

_MAX_FILE_BYTES = 1_000_000
"""The most that is written to a file, which is the file of error messages."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one request may use: seconds of processor time, and bytes of data in memory."""

    cpu_s: float
    memory_bytes: int


def confine() -> None:
    """Lower the priority of this process, and let it write neither files nor a core dump."""
    if sys.platform == "win32":
        return
    import resource

    os.nice(NICENESS)
    with suppress(OSError):  # Linux ends this process before its parent when memory runs out
        Path("/proc/self/oom_score_adj").write_text("800")
    for kind, limit in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, _MAX_FILE_BYTES)):
        resource.setrlimit(kind, (limit, limit))


def allow(budget: Budget) -> None:
    """Let this process be ended by ``SIGXCPU`` once the time is used, rounded up, and get no more memory than allowed.

    A request for more memory raises ``MemoryError``, or ends the process where a library does not expect it.
    """
    if sys.platform == "win32":
        return
    import resource

    seconds = int(time.process_time() + budget.cpu_s) + 1
    for kind, limit in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_DATA, budget.memory_bytes)):
        _, most = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))


def resident_bytes() -> int:
    """Return the memory this process has resident; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
