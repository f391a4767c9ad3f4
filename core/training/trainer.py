"""Common part of runs on TRL's trainers: hyperparameters, schedule, checkpoints, progress, and the weights' manifest.

AdamW with β = (0.9, 0.95), warm-up and cosine decay as in ``core.training.schedule`` (specification 1.6 and 4.1).
Checkpoints are sealed, so that a killed run resumes from the last intact one. When memory runs out, the run restarts
with half the batch and twice the gradient accumulation. Imports torch and TRL: import it late.
"""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import torch
from datasets import disable_progress_bars, enable_progress_bars
from transformers import PrinterCallback, TrainerCallback
from transformers.utils import logging as transformers_logging

from core.models.lora import read_manifest, write_manifest
from core.training.batching import BatchFinder, TrainingBatch
from core.training.checkpoint import Checkpoints, TimeBox
from core.training.schedule import Schedule, factor
from core.training.student import Student

ADAM_BETAS = (0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Hyperparameters with the specification's defaults. ``warmup`` is a share of the steps, 0..1.

    ``max_steps`` of ``None``: ``n_epochs`` over the data. ``smoothing`` is ε of label smoothing (specification 1.5).
    ``is_packed``: several examples share a row of ``max_length`` tokens; ``None``: on a GPU.
    """

    max_rate: float = 2e-4
    min_rate: float = 0.0
    warmup: float = 0.03
    weight_decay: float = 0.0
    batch: TrainingBatch = field(default_factory=lambda: TrainingBatch(2, 16))
    n_epochs: float = 1.0
    max_steps: int | None = None
    max_length: int = 2048
    smoothing: float = 0.0
    is_packed: bool | None = None
    seed: int = 0
    save_every: int = 50


@dataclass(frozen=True, slots=True)
class Update:
    """Progress of a run: step of ``n_steps``, mean loss since the last update in nats a token, and learning rate."""

    step: int
    n_steps: int
    loss: float
    rate: float


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """Surroundings of a run: checkpoints (``None``: not kept), time limit, callbacks for progress and batch size."""

    scratch: Path
    checkpoints: Checkpoints | None = None
    time: TimeBox = field(default_factory=lambda: TimeBox(None))
    tell: Callable[[Update], None] = lambda update: None
    tell_batch: Callable[[TrainingBatch], None] = lambda batch: None


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """Result of a run. ``is_complete`` is false when it ran out of time."""

    updates: tuple[Update, ...]
    metrics: Mapping[str, float]
    batch: TrainingBatch
    is_complete: bool


def fit(
    student: Student,
    recipe: Recipe,
    run: TrainingRun,
    make: Callable[[Mapping[str, Any], TrainingBatch], Any],
    *,
    min_rows: int = 1,
) -> TrainingResult:
    """Train with the TRL trainer that ``make`` returns for training arguments and a batch size. Blocks.

    Raises ``Unavailable`` when the smallest batch does not fit, or a checkpoint cannot be written.
    """
    first = {name: weights.detach().clone() for name, weights in student.weights.items()}
    has_failed = False

    def attempt(batch: TrainingBatch) -> TrainingResult:
        nonlocal has_failed
        if has_failed:
            with torch.no_grad():
                for name, weights in student.weights.items():
                    weights.copy_(first[name])
        has_failed = True
        return _attempted(make(arguments(recipe, batch, run), batch), recipe, run, batch)

    with quiet_libraries():
        return BatchFinder(recipe.batch, run.tell_batch, min_rows).run(attempt)


def arguments(recipe: Recipe, batch: TrainingBatch, run: TrainingRun) -> dict[str, Any]:
    """Return the arguments common to TRL's configurations."""
    is_gpu = torch.cuda.is_available()
    return {
        "output_dir": str(run.checkpoints.folder if run.checkpoints else run.scratch),
        "per_device_train_batch_size": batch.rows,
        "per_device_eval_batch_size": batch.rows,
        "gradient_accumulation_steps": batch.n_accumulated,
        "learning_rate": recipe.max_rate,
        "weight_decay": recipe.weight_decay,
        "adam_beta1": ADAM_BETAS[0],
        "adam_beta2": ADAM_BETAS[1],
        "num_train_epochs": recipe.n_epochs,
        "max_steps": recipe.max_steps or -1,
        "max_length": recipe.max_length,
        "seed": recipe.seed,
        "bf16": is_gpu,
        "use_cpu": not is_gpu,
        "activation_checkpointing": is_gpu,
        "dataloader_pin_memory": is_gpu,
        "logging_steps": 1,
        "save_strategy": "steps" if run.checkpoints else "no",
        "save_steps": recipe.save_every,
        "disable_tqdm": True,
        "report_to": "none",
    }


def scheduled(trainer_class: Any, recipe: Recipe) -> Any:
    """Return a subclass of a TRL trainer with the schedule of ``core.training.schedule``."""

    class Scheduled(trainer_class):  # type: ignore[misc]
        lr_scheduler: Any

        def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
            if self.lr_scheduler is None:
                rates = schedule_for(recipe, num_training_steps)
                after = partial(factor, schedule=rates)
                self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer or self.optimizer, after)
                self._created_lr_scheduler = True
            return self.lr_scheduler

    return Scheduled


def schedule_for(recipe: Recipe, n_steps: int) -> Schedule:
    """Return the schedule of a run of ``n_steps``, at least one of them after the warm-up."""
    n_warmup = min(math.ceil(recipe.warmup * n_steps), n_steps - 1)
    return Schedule(recipe.max_rate, n_steps, n_warmup, recipe.min_rate)


def write_weights(
    student: Student,
    folder: Path,
    method: str,
    recipe: Recipe,
    data_hash: str,
    trained: TrainingResult,
    parent: str | None,
) -> None:
    """Write the LoRA weights with a manifest of method, data, hyperparameters, metrics and parent version."""
    student.write(folder)
    manifest = replace(
        read_manifest(folder),
        method=method,
        data_hash=data_hash,
        settings=recipe_as_json(replace(recipe, batch=trained.batch)),
        metrics=dict(trained.metrics),
        parent=parent,
        created_at=datetime.now(UTC),
    )
    write_manifest(folder, manifest)


def run_fingerprint(method: str, recipe: Recipe, data_hash: str, base_hash: str) -> str:
    """Return a hash of what must be equal to resume a run: method, hyperparameters, data and base model."""
    told = json.dumps([method, recipe_as_json(recipe), data_hash, base_hash], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def recipe_as_json(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as JSON values."""
    return json.loads(json.dumps(asdict(recipe)))  # type: ignore[no-any-return]


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Silence progress bars, logs and a known deprecation warning of the training libraries in the block."""
    was_heard = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    disable_progress_bars()
    with warnings.catch_warnings():
        # PEFT 0.21 asks transformers 5.23 for a property that has been renamed.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        try:
            yield
        finally:
            enable_progress_bars()
            transformers_logging.set_verbosity(was_heard)


class _Watcher(TrainerCallback):
    """Reports progress, seals checkpoints, and stops a run out of time. ``n_before``: tokens seen before resuming."""

    def __init__(self, run: TrainingRun) -> None:
        self._run = run
        self.updates: list[Update] = []
        self.n_before = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.n_before = state.num_input_tokens_seen

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, float] | None = None, **_: Any) -> None:
        if logs and "loss" in logs:
            update = Update(state.global_step, state.max_steps, logs["loss"], logs["learning_rate"])
            self.updates.append(update)
            self._run.tell(update)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._run.time.is_over and state.global_step < state.max_steps:
            control.should_training_stop = True
            control.should_save = self._run.checkpoints is not None

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._run.checkpoints:
            self._run.checkpoints.seal(state.global_step)


def _attempted(trainer: Any, recipe: Recipe, run: TrainingRun, batch: TrainingBatch) -> TrainingResult:
    watcher = _Watcher(run)
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(watcher)
    latest = run.checkpoints.latest() if run.checkpoints else None
    result = trainer.train(resume_from_checkpoint=str(latest.path) if latest else None)
    state = trainer.state
    metrics = {"train_loss": result.training_loss, "train_s": result.metrics["train_runtime"]}
    if state.num_input_tokens_seen:
        metrics["tokens"] = float(state.num_input_tokens_seen)
        metrics["tokens_per_s"] = (state.num_input_tokens_seen - watcher.n_before) / result.metrics["train_runtime"]
    known = {update.step: update for update in (*_logged(state), *watcher.updates)}
    return TrainingResult(
        tuple(known[step] for step in sorted(known)), metrics, batch, state.global_step >= state.max_steps
    )


def _logged(state: Any) -> list[Update]:
    """Return all updates in a trainer's history, including those before it was resumed."""
    return [
        Update(log["step"], state.max_steps, log["loss"], log.get("learning_rate", 0.0))
        for log in state.log_history
        if "loss" in log
    ]
