"""Batches that fit the memory there is: half as many rows at once, accumulated twice as often. Imports torch late."""

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
    """``rows`` at once, ``n_accumulated`` times before the weights move. Their product is what learning goes by."""

    rows: int
    n_accumulated: int = 1

    @property
    def halved(self) -> TrainingBatch:
        """Return the same in half the memory; no fewer rows in all, as it rounds up."""
        rows = self.rows // 2
        return TrainingBatch(rows, -(-self.rows * self.n_accumulated // rows))


class BatchFinder:
    """The batch that fits, found by trying; once halved it stays so. ``least``: the fewest rows a loss can do with."""

    def __init__(self, batch: TrainingBatch, tell: Callable[[TrainingBatch], None], least: int = 1) -> None:
        self.batch = batch
        self._tell = tell
        self._least = least

    def run(self, work: Callable[[TrainingBatch], Result]) -> Result:
        """Return what ``work`` makes of the batch, again with half of it as often as memory runs out.

        ``work`` must be able to start again. Raises ``Unavailable`` when the smallest batch does not fit.
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
    """Say whether memory ran out, on a GPU or, as torch says it for lack of a class, on a CPU."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(phrase in str(error) for phrase in _CPU_SAYS)


def _free() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
