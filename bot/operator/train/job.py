"""One SFT or KTO job: options, recipe, held-out file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from bot.logs import log_to_file
from bot.operator.train.options import TrainingOptions, batch_printer, held_out_file
from bot.terminal.output import TerminalConsole, print_sentence
from bot.terminal.progress import progress_bar
from core.models.heavy_imports import loading_heavy
from core.settings import read_settings
from core.training.checkpoint import TimeBox
from core.training.rows import Rows, read_rows
from core.training.run_log import append_run, runs_file
from core.training.scaling import ScalingRun

if TYPE_CHECKING:
    from core.training.student import Student
    from core.training.trainer import Recipe, TrainingResult, TrainingRun, Update

LOSS_PLOT = "loss.png"

Fit = Callable[["Student", Rows, Rows | None, "TrainingRun"], "TrainingResult"]
"""Trains a student on rows and measures it on the held-out rows, where there are any."""


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """One SFT or KTO job. ``held`` is the held-out file; ``None``: the one that an export puts beside the data."""

    options: TrainingOptions
    recipe: Recipe
    held: Path | None = None

    def run(self, method: str, keys: Sequence[str], fit: Fit) -> None:
        """Train on the rows that have ``keys``; write the weights and a plot of the loss, and register both. Blocks.

        A job whose time is over leaves checkpoints and registers nothing. Raises ``BadInput`` when a file cannot be
        read, and as ``core.training.student.open_student`` does.
        """
        settings, console = read_settings(), TerminalConsole(stderr=True)
        log_to_file(settings)
        rows, held = read_rows(self.options.data, keys), self._held_rows(keys)
        if n_broken := rows.n_broken + (held.n_broken if held else 0):
            print_sentence("learn.broken_lines", n=n_broken)
        with loading_heavy():
            from core.training.plots import draw_loss
            from core.training.trainer import TrainingRun, run_fingerprint, write_weights

        student = self.options.open_student(settings, self.recipe.seed, console)
        run_name = run_fingerprint(method, self.recipe, rows.data_hash, student.base.hash)
        with self.options.open_checkpoints(run_name) as saved, update_bar(console) as show:
            checkpoints = saved if self.options.checkpoints else None
            time_box = TimeBox(self.options.max_hours)
            result = fit(
                student, rows, held, TrainingRun(saved.folder, checkpoints, time_box, show, batch_printer(console))
            )
        if not result.is_complete:
            return self.options.print_unfinished()
        out = self.options.out
        write_weights(student, out, method, self.recipe, rows.data_hash, result, self.options.parent)
        draw_loss(result.updates, result.metrics, out / LOSS_PLOT)
        version = self.options.register(settings, result.metrics, out / LOSS_PLOT)
        if "held_out_loss" in result.metrics:
            n_tokens, loss = result.metrics["tokens"], result.metrics["held_out_loss"]
            append_run(runs_file(settings.data_dir), ScalingRun(student.n_base, n_tokens, loss), version)

    def _held_rows(self, keys: Sequence[str]) -> Rows | None:
        path = self.held or held_out_file(self.options.data)
        return read_rows(path, keys) if path else None


@contextmanager
def update_bar(console: Console) -> Iterator[Callable[[Update], None]]:
    """Show a bar with step, loss and remaining time; yields the callback for each update."""
    with progress_bar(console) as bar:
        task = bar.add_task("", total=None)

        def show(update: Update) -> None:
            description = f"loss {update.loss:.3f}  rate {update.rate:.1e}"
            bar.update(task, description=description, completed=update.step, total=update.n_steps)

        yield show
