"""What every training in the terminal is told and does alike: from which data on which model into which folder.

``aion train sft``, ``kto`` and ``ppo`` add what is their own (``bot.operator.train``, ``bot.operator.train_reward``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from bot.terminal.language import speaking
from bot.terminal.output import teller
from core.models.registry import LoraRegistry
from core.settings import Settings
from core.texts import say
from core.training.batching import TrainingBatch
from core.training.checkpoint import Checkpoints

if TYPE_CHECKING:
    from core.training.student import Lora, Student


@dataclass(frozen=True, slots=True)
class Assignment:
    """What is to be trained: LoRA weights of that shape, from a file into a folder.

    ``base`` of ``None`` is the local model, ``parent`` the version to start from, ``max_hours`` the time there is.
    """

    data: Path
    out: Path
    lora: Lora
    base: str | None = None
    checkpoints: Path | None = None
    max_hours: float | None = None
    parent: str | None = None

    def student(self, settings: Settings, seed: int, console: Console) -> Student:
        """Load the base model with the weights to start from. Blocks. Raises as ``open_student`` does."""
        from core.training.student import open_student

        start = versions(settings).get(self.parent).folder if self.parent else None
        name = self.base or settings.local_model
        return open_student(name, settings.models_dir, self.lora, seed, teller(console), start)

    @contextmanager
    def saved(self, identity: str) -> Iterator[Checkpoints]:
        """Give where the run saves itself: the folder that was named, or one that goes away."""
        with tempfile.TemporaryDirectory() as scratch:
            yield Checkpoints(self.checkpoints or Path(scratch), identity)

    def tell_unfinished(self) -> None:
        """Say that the time was over, and where the run is saved."""
        tell(say(speaking(), "learn.time_over", folder=self.checkpoints or "-"))

    def register(self, settings: Settings, metrics: Mapping[str, float], picture: Path) -> str:
        """Say how it went, make the weights a candidate, and return its name."""
        for name, value in metrics.items():
            tell(f"{name:24} {value:.4g}")
        version = versions(settings).add(self.out).name
        tell(say(speaking(), "learn.trained", out=self.out, picture=picture, version=version))
        return version


def versions(settings: Settings) -> LoraRegistry:
    """Return the LoRA versions of the data folder."""
    return LoraRegistry(settings.data_dir / "loras")


def tell(text: str) -> None:
    """Print a line as it is."""
    Console(soft_wrap=True, highlight=False).print(text, markup=False)


def batch_teller(console: Console) -> Callable[[TrainingBatch], None]:
    """Return what says that memory ran out, and with what batch it goes on."""

    def tell_batch(batch: TrainingBatch) -> None:
        values = {"rows": batch.rows, "n_accumulated": batch.n_accumulated}
        console.print(say(speaking(), "learn.halved", **values), style="dim")

    return tell_batch
