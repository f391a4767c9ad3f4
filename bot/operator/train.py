"""``aion train export``, ``sft`` and ``kto``: training data out of thumbs, and LoRA weights out of training data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from bot.logs import log_to_file
from bot.operator.quality import opened_database
from bot.operator.train_options import Assignment, batch_teller, tell, versions
from bot.terminal.language import speaking
from bot.terminal.output import progress_bar
from core.assembly.exporter import open_exporter
from core.errors import BadInput
from core.generation.providers.catalogue import read_providers
from core.models.heavy_imports import loaded_beside_others
from core.offload import offload
from core.privacy.pseudonyms import Pseudonyms
from core.settings import read_settings
from core.texts import say
from core.training.batching import TrainingBatch
from core.training.checkpoint import TimeBox
from core.training.export import file_of
from core.training.rows import Rows, read_rows
from core.training.run_log import record, recorded_in
from core.training.scaling import ScalingRun as ScalingRun
from core.types import SpaceId

if TYPE_CHECKING:
    from core.training.student import Student
    from core.training.trainer import Recipe, TrainingResult, TrainingRun, Update

PICTURE = "loss.png"


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """A training to be made, how, and the file of what is held out."""

    of: Assignment
    recipe: Recipe
    held: Path | None = None


Teach = Callable[["Student", "Rows", "Rows | None", "TrainingRun"], "TrainingResult"]
"""Trains on rows, with the rows held out."""


async def export(folder: Path, space: str | None) -> None:
    """Write training data into a folder, and say what it holds."""
    settings = read_settings()
    log_to_file(settings)
    async with opened_database() as database:
        providers = await offload(read_providers, settings.providers_file)
        pseudonyms = await offload(Pseudonyms.open, settings.data_dir)
        exporter = open_exporter(database, settings.data_dir, providers, pseudonyms, settings.language)
        exported = await exporter.export(folder, SpaceId(space) if space else None)
    for name, n_lines in exported.n_lines.items():
        tell(f"{n_lines:6}  {folder / name}")
    tell(say(speaking(), "learn.exported", n_spaces=exported.n_spaces))
    if exported.n_over_cap or exported.n_quarantined:
        counts = {"n_over_cap": exported.n_over_cap, "n_quarantined": exported.n_quarantined}
        tell(say(speaking(), "learn.left_out", **counts))


async def cycle() -> None:
    """Export, learn what people like, train on it, compare, and try the version out if it is a gain.

    Gives way to whatever else runs.

    Raises ``BadInput`` where there is nothing to learn, or what was learned is no gain.
    """
    os.nice(10)
    settings = read_settings()
    folder = settings.data_dir / "training" / "latest"
    await export(folder, None)
    from bot.operator.lora import PromoteOptions, promote
    from bot.operator.train_reward import reward
    from core.training.student import Lora
    from core.training.trainer import Recipe

    with suppress(BadInput):  # too few thumbs of either kind: then nothing is judged by a reward model
        await reward(file_of(folder, "reward"), None, False, None)
    parent = versions(settings).standing().promoted
    recipe = Recipe(batch=TrainingBatch(2, 4), n_epochs=3.0, max_length=1024)
    await sft(TrainingJob(Assignment(file_of(folder, "sft"), folder / "lora", Lora(), parent=parent), recipe))
    version = versions(settings).add(folder / "lora")
    await promote(PromoteOptions(version.name, file_of(folder, "kto", is_held=True), (), None, 0.1, 200))


async def sft(order: TrainingJob) -> None:
    """Train on replies people liked."""

    def teach(student: Student, rows: Rows, held: Rows | None, run: TrainingRun) -> TrainingResult:
        from core.training.likelihood import asked_in
        from core.training.sft import sft as train

        return train(student, asked_in(rows.rows), asked_in(held.rows) if held else (), order.recipe, run)

    await offload(_train, order, "sft", ("messages",), teach)


async def kto(order: TrainingJob) -> None:
    """Train on replies people liked and disliked."""

    def teach(student: Student, rows: Rows, held: Rows | None, run: TrainingRun) -> TrainingResult:
        from core.training.kto import kto as train
        from core.training.kto import read_thumbs

        thumbs, n_contradictory = read_thumbs(rows.rows)
        if n_contradictory:
            tell(say(speaking(), "learn.left_out_contradictory", n=n_contradictory))
        return train(student, thumbs, read_thumbs(held.rows)[0] if held else (), order.recipe, run)

    await offload(_train, order, "kto", ("prompt", "completion", "label"), teach)


def _train(order: TrainingJob, method: str, keys: tuple[str, ...], teach: Teach) -> None:
    """Train, write the weights with a picture of the loss, and register them. Blocks."""
    settings, console = read_settings(), Console(stderr=True)
    log_to_file(settings)
    rows, held = read_rows(order.of.data, keys), _held(order, keys)
    if n_broken := rows.n_broken + (held.n_broken if held else 0):
        tell(say(speaking(), "learn.broken_lines", n=n_broken))
    with loaded_beside_others():
        from core.training.plots import draw_loss
        from core.training.trainer import TrainingRun, identity, write_weights

    student = order.of.student(settings, order.recipe.seed, console)
    run_name = identity(method, order.recipe, rows.data_hash, student.base.hash)
    with order.of.saved(run_name) as saved, _progress(console) as show:
        checkpoints = saved if order.of.checkpoints else None
        run = TrainingRun(saved.folder, checkpoints, TimeBox(order.of.max_hours), show, batch_teller(console))
        trained = teach(student, rows, held, run)
    if not trained.is_complete:
        return order.of.tell_unfinished()
    out = order.of.out
    write_weights(student, out, method, order.recipe, rows.data_hash, trained, order.of.parent)
    draw_loss(trained.updates, trained.metrics, out / PICTURE)
    version = order.of.register(settings, trained.metrics, out / PICTURE)
    if "held_out_loss" in trained.metrics:
        n_tokens, loss = trained.metrics["tokens"], trained.metrics["held_out_loss"]
        record(recorded_in(settings.data_dir), ScalingRun(student.n_base, n_tokens, loss), version)


def _held(order: TrainingJob, keys: tuple[str, ...]) -> Rows | None:
    """Return what is held out: the file that was named, or the one that an export puts beside the data."""
    data = order.of.data
    beside = data.with_name(f"{data.stem}.held{data.suffix}")
    if order.held is None and (not beside.is_file() or not beside.stat().st_size):
        return None
    return read_rows(order.held or beside, keys)


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[Update], None]]:
    """Show a bar with step, loss and time left while the block runs; gives what tells it of steps."""
    with progress_bar(console) as progress:
        bar = progress.add_task("", total=None)

        def show(update: Update) -> None:
            description = f"loss {update.loss:.3f}  rate {update.rate:.1e}"
            progress.update(bar, description=description, completed=update.step, total=update.n_steps)

        yield show
