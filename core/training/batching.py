"""Batch sizes that fit in memory: on out-of-memory, half the rows and twice the gradient accumulation.

Imports torch late.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from core.errors import Unavailable

Result = TypeVar("Result")

_CPU_SAYS = ("can't allocate memory", "not enough memory")


@dataclass(frozen=True, slots=True)
class TrainingBatch:
    """``rows`` at once, gradients of ``n_accumulated`` of them added up; their product is the effective batch size."""

    rows: int
    n_accumulated: int = 1

    @property
    def halved(self) -> TrainingBatch:
        """Return half the rows with at least the same effective batch size."""
        rows = self.rows // 2
        return TrainingBatch(rows, -(-self.rows * self.n_accumulated // rows))


class BatchFinder:
    """Finds the largest batch that fits by trying; once halved it stays so. ``least``: the fewest rows a loss needs."""

    def __init__(self, batch: TrainingBatch, tell: Callable[[TrainingBatch], None], least: int = 1) -> None:
        self.batch = batch
        self._tell = tell
        self._least = least

    def run(self, work: Callable[[TrainingBatch], Result]) -> Result:
        """Return ``work(batch)``, called again with half the batch each time memory runs out.

        ``work`` must be restartable. Raises ``Unavailable`` when the smallest batch does not fit.
        """
        while True:
            try:
                return work(self.batch)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                if self.batch.rows // 2 < self._least:
                    raise Unavailable("train.no_memory") from error
            # Not within the handler: the error holds on to every tensor of the failed attempt.
            self.batch = self.batch.halved
            self._tell(self.batch)
            _free()


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether memory ran out, on a GPU or on a CPU (where torch raises ``RuntimeError``)."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(phrase in str(error) for phrase in _CPU_SAYS)


def _free() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
