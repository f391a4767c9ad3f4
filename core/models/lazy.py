"""Thread-safe lazy initialisation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class LazyValue(Generic[T]):
    """Makes a value at the first ``get`` and keeps it. Concurrent callers wait; after an error ``get`` tries again."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []

    @property
    def is_made(self) -> bool:
        """Tell whether the value exists."""
        return bool(self._made)

    def get(self) -> T:
        """Return the value, from any thread. Raises what making it raises."""
        if not self._made:
            with self._lock:
                if not self._made:
                    self._made.append(self._make())
        return self._made[0]
