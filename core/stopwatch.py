"""Latency of an answer, by step, in milliseconds. Each step is a span, too (``core.tracing``)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from core.tracing import span


class Stopwatch:
    """Collects the milliseconds of named steps; ``total`` runs from construction."""

    def __init__(self) -> None:
        self._start_s = time.perf_counter()
        self._steps_ms: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step; a name used twice adds up."""
        start_s = time.perf_counter()
        try:
            with span(name):
                yield
        finally:
            self.add(name, (time.perf_counter() - start_s) * 1000)

    def add(self, name: str, ms: float) -> None:
        """Add milliseconds that were measured elsewhere."""
        self._steps_ms[name] = self._steps_ms.get(name, 0.0) + ms

    def read(self) -> Mapping[str, float]:
        """Return the steps so far and the ``total``, in milliseconds."""
        return {**self._steps_ms, "total": (time.perf_counter() - self._start_s) * 1000}
