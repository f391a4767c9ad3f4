"""The monotonic clock that pauses between writes are measured with; tests replace it."""

from __future__ import annotations

import asyncio
from typing import Protocol


class StreamClock(Protocol):
    """A monotonic clock that can sleep."""

    def now_s(self) -> float:
        """Return seconds since some fixed moment; it never goes back."""
        ...

    async def sleep(self, duration_s: float) -> None:
        """Return after ``duration_s`` seconds."""
        ...


class SystemClock:
    """The event loop's own time."""

    def now_s(self) -> float:
        """Return the loop's monotonic time."""
        return asyncio.get_running_loop().time()

    async def sleep(self, duration_s: float) -> None:
        """Return after ``duration_s`` seconds."""
        await asyncio.sleep(duration_s)
