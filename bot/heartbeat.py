"""Measures how long the event loop and the worker threads take to answer, for ``/health``."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass

from core.offload import offload

LOOP_WITHIN_S = 5.0
THREADS_WITHIN_S = 30.0
"""Seconds in which the loop, and one of the threads of ``core.offload``, must answer. Models may keep threads long."""

REMEMBERED_S = 60.0
"""How long a loop that stood still is reported: while it does, nobody can ask."""

_BEAT_S = 1.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """How late, in seconds, the event loop was within ``REMEMBERED_S``, and the worker threads are now."""

    loop_late_s: float
    threads_late_s: float

    @property
    def problems(self) -> tuple[str, ...]:
        """Return what does not answer in time, one sentence each."""
        loop = f"the event loop stood still for {self.loop_late_s:.0f} s"
        threads = f"no worker thread has answered for {self.threads_late_s:.0f} s"
        late = {loop: self.loop_late_s > LOOP_WITHIN_S, threads: self.threads_late_s > THREADS_WITHIN_S}
        return tuple(problem for problem, is_late in late.items() if is_late)


class Heartbeat:
    """Asks the loop and the threads every second; ``run`` does, until it is cancelled."""

    def __init__(self) -> None:
        self._beats: deque[tuple[float, float]] = deque(maxlen=int(REMEMBERED_S / _BEAT_S))
        self._beat_at_s = time.monotonic()
        self._probe: asyncio.Task[None] | None = None
        self._probed_at_s = self._beat_at_s

    @property
    def pulse(self) -> Pulse:
        """Return how late both are."""
        now_s = time.monotonic()
        late_s = [late_s for at_s, late_s in self._beats if now_s - at_s < REMEMBERED_S]
        waited_s = now_s - self._probed_at_s if self._probe is not None and not self._probe.done() else 0.0
        return Pulse(max(0.0, now_s - self._beat_at_s - _BEAT_S, *late_s), waited_s)

    async def run(self) -> None:
        """Measure until cancelled."""
        try:
            while True:
                self._ask_threads()
                self._beat_at_s = time.monotonic()
                await asyncio.sleep(_BEAT_S)
                now_s = time.monotonic()
                self._beats.append((now_s, now_s - self._beat_at_s - _BEAT_S))
        finally:
            if self._probe is not None:
                self._probe.cancel()

    def _ask_threads(self) -> None:
        if self._probe is None or self._probe.done():
            self._probed_at_s = time.monotonic()
            self._probe = asyncio.create_task(offload(_answer))


def _answer() -> None:
    """Show that a thread is free."""
