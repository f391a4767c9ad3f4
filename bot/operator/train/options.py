"""Options of every LoRA training: data, output folder, base model, checkpoints; and the registration of its weights."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from bot.terminal.language import terminal_language
from bot.terminal.output import print_line, print_sentence, status_printer
from core.models.registry import LoraRegistry
from core.settings import Settings
from core.texts import say
from core.training.batching import TrainingBatch
from core.training.checkpoint import Checkpoints

if TYPE_CHECKING:
    from core.training.student import LoraShape, Student


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """What ``aion train sft``, ``kto`` and ``ppo`` have in common: LoRA weights of a shape from ``data`` into ``out``.

    ``base`` is an id or folder, ``None`` the local model; ``checkpoints`` a folder, ``None`` saves nothing between;
    ``parent`` the LoRA version to start from.
    """

    data: Path
    out: Path
    lora: LoraShape
    base: str | None = None
    checkpoints: Path | None = None
    max_hours: float | None = None
    parent: str | None = None

    def open_student(self, settings: Settings, seed: int, console: Console) -> Student:
        """Load the base model with the weights to start from. Blocks. Raises as ``core.training.student`` does."""
        from core.training.student import open_student

        start = lora_registry(settings).get(self.parent).folder if self.parent else None
        name = self.base or settings.local_model
        return open_student(name, settings.models_dir, self.lora, seed, status_printer(console), start)

    @contextmanager
    def open_checkpoints(self, identity: str) -> Iterator[Checkpoints]:
        """Open the checkpoints of the run ``identity``, in a temporary folder where none was named."""
        with tempfile.TemporaryDirectory() as scratch:
            yield Checkpoints(self.checkpoints or Path(scratch), identity)

    def print_unfinished(self) -> None:
        """Print that the time is over, and the folder of the checkpoints."""
        print_sentence("learn.time_over", folder=self.checkpoints or "-")

    def register(self, settings: Settings, metrics: Mapping[str, float], plot: Path) -> str:
        """Print the metrics, register the weights in ``out`` as a candidate, and return its name."""
        print_metrics(metrics)
        version = lora_registry(settings).add(self.out).name
        print_sentence("learn.trained", out=self.out, picture=plot, version=version)
        return version


def lora_registry(settings: Settings) -> LoraRegistry:
    """Return the LoRA registry of the data folder."""
    return LoraRegistry(settings.data_dir / "loras")


def held_out_file(data: Path) -> Path | None:
    """Return ``NAME.held.jsonl`` beside ``data``, as an export writes it; ``None`` when it is missing or empty."""
    path = data.with_name(f"{data.stem}.held{data.suffix}")
    return path if path.is_file() and path.stat().st_size else None


def print_metrics(metrics: Mapping[str, float]) -> None:
    """Print one metric a line."""
    for name, value in metrics.items():
        print_line(f"{name:24} {value:.4g}")


def batch_printer(console: Console) -> Callable[[TrainingBatch], None]:
    """Return a callback that prints the smaller batch a training goes on with after memory ran out."""

    def show(batch: TrainingBatch) -> None:
        values = {"rows": batch.rows, "n_accumulated": batch.n_accumulated}
        console.print(say(terminal_language(), "learn.halved", **values), style="dim")

    return show
