"""``aion lora``: the LoRA versions: list, add, diff, promote, rollback."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from bot.operator.train.options import lora_registry
from bot.operator.train.reward import REWARD_MODELS
from bot.terminal.language import terminal_language
from bot.terminal.open_data_folder import open_data_folder
from bot.terminal.output import TerminalConsole, print_line, print_sentence, status_printer
from core.errors import BadInput
from core.evaluation.dataset import read_labelled
from core.experiments.lora_comparison import (
    MAX_SLOWER,
    Comparison,
    ComparisonData,
    ComparisonWriters,
    greedy_reply,
    measured,
)
from core.generation.local.factory import open_generator, prepare_lora
from core.models.catalog import language_model_base
from core.models.lora import Base, require_base
from core.models.registry import Version, differences
from core.offload import offload
from core.settings import Settings, read_settings
from core.storage.delivery.webhooks import Webhooks
from core.texts import say
from core.training.promotion import Promotion
from core.training.retest import report_folder, retest, write_retested
from core.training.reward import RewardModels
from core.training.rows import read_rows
from core.training.version_test import Measure, compare, is_promotable, write_report

BASE = "the base model"
_KEYS = ("prompt", "completion", "label")

N_RETESTED = 25
"""Disliked answers whose questions a version answers again, for ``/learned``."""


@dataclass(frozen=True, slots=True)
class PromoteOptions:
    """What a version is compared by, and its trial.

    ``thumbs`` is a held-out KTO file, ``labelled`` folders as for ``aion eval``. The trial covers ``share`` (0..1, 1:
    no trial) of the answers until ``n_answers`` of its own. ``max_slower`` bounds the ratio of seconds per token.
    """

    version: str
    thumbs: Path | None
    labelled: Sequence[Path]
    report: Path | None
    share: float
    n_answers: int
    max_slower: float = MAX_SLOWER


async def print_versions() -> None:
    """Print a table of the versions: stage, method, parent, metrics."""
    table = Table(
        *(say(terminal_language(), f"lora.{column}") for column in ("version", "stage", "method", "parent", "metrics"))
    )
    for version in lora_registry(read_settings()).versions():
        manifest = version.manifest
        metrics = ", ".join(f"{name} {value:.3g}" for name, value in manifest.metrics.items())
        stage = say(terminal_language(), f"lora.{version.stage}")
        table.add_row(version.name, stage, manifest.method, manifest.parent or "", metrics)
    TerminalConsole().print(table)


async def print_versions_as_json() -> None:
    """Print the versions as a JSON list."""
    TerminalConsole().print_json(
        json.dumps([_as_json(version) for version in lora_registry(read_settings()).versions()])
    )


async def add_version(folder: Path) -> None:
    """Register the LoRA weights in ``folder`` as a candidate. Raises ``BadInput`` when they are none."""
    version = await offload(lora_registry(read_settings()).add, folder)
    print_sentence("lora.added", version=version.name)


async def print_difference(one: str, other: str) -> None:
    """Print the fields in which two manifests differ. Raises ``BadInput`` when there is no such version."""
    registry = lora_registry(read_settings())
    table = Table("", one, other)
    for name, (ours, theirs) in differences(registry.get(one).manifest, registry.get(other).manifest).items():
        table.add_row(name, str(ours), str(theirs))
    TerminalConsole().print(table)


async def rollback_version() -> None:
    """End the trial, or promote the version before the present one. Raises ``BadInput`` when there is neither."""
    name = await offload(lora_registry(read_settings()).rollback)
    print_sentence("lora.answers_now", version=name or BASE)


async def promote_uncompared(version: str) -> None:
    """Promote a version without comparing it. Raises ``BadInput`` when it was trained on another base model."""
    settings, console = read_settings(), TerminalConsole(stderr=True)
    known, base = lora_registry(settings).get(version), language_model_base(settings.local_model)
    require_base(known.manifest, base)
    await offload(prepare_lora, settings.local_model, settings.models_dir, known.folder, status_printer(console))
    await _promote(version, base)
    print_sentence("lora.answers_now", version=version)


async def promote_compared(options: PromoteOptions) -> None:
    """Compare a version with the one in use; start its trial, or promote it, where it is better and nowhere worse.

    Prints the comparison and writes it to the report folder. Raises ``BadInput`` where there is nothing to compare by,
    or the version is no gain.
    """
    if options.thumbs is None and not options.labelled:
        raise BadInput("lora.unjudged", version=options.version)
    settings = read_settings()
    registry, base = lora_registry(settings), language_model_base(settings.local_model)
    version, current = registry.get(options.version), registry.state().promoted
    compared = [compare(measure) for measure in await _measure(version, current, options, settings)]
    page = write_report(
        compared, version.name, current or BASE, options.report or report_folder(registry, version.name)
    )
    print_line(page.read_text(encoding="utf-8"))
    if not is_promotable(compared):
        raise BadInput("lora.no_gain", version=version.name, page=page)
    if options.share < 1:
        await offload(registry.start_trial, version.name, base, options.share, options.n_answers)
        print_sentence("lora.on_trial", version=version.name, share=f"{options.share:.0%}", n=options.n_answers)
    else:
        await _promote(version.name, base)
        print_sentence("lora.answers_now", version=version.name)


async def _promote(name: str, base: Base) -> None:
    async with open_data_folder() as folder:
        await Promotion(lora_registry(folder.settings), Webhooks(folder.database)).promote(name, base)


async def _measure(
    version: Version, current: str | None, options: PromoteOptions, settings: Settings
) -> Sequence[Measure]:
    """Return every measure of both versions; asks disliked questions again, whose new replies ``/learned`` shows."""
    from bot.operator.eval import open_judges  # the whole core; the other commands need none of it

    console, registry = TerminalConsole(stderr=True), lora_registry(settings)
    tell = status_printer(console)
    in_use = registry.get(current) if current else None
    comparison = Comparison(registry, version, in_use, settings.local_model, settings.models_dir, tell)
    thumbs = read_rows(options.thumbs, _KEYS).rows if options.thumbs else ()
    reward = RewardModels(settings.data_dir / REWARD_MODELS).newest()
    data = ComparisonData(
        thumbs,
        [read_labelled(folder) for folder in options.labelled],
        reward=reward[1] if reward else None,
        max_slower=options.max_slower,
    )
    embedder, gate, reader = open_judges(settings, console)
    async with AsyncExitStack() as stack:
        before, after = (open_generator(settings.local_model, settings.models_dir, tell) for _ in range(2))
        stack.push_async_callback(before.close)
        stack.push_async_callback(after.close)
        writers = ComparisonWriters(before, after, embedder, gate, reader)
        measures = await measured(comparison, data, writers)
        rows = [*_training_rows(options.thumbs), *thumbs]
        retested = await retest(rows, partial(greedy_reply, after, max_new_tokens=120), N_RETESTED)
        await offload(write_retested, retested, report_folder(registry, version.name))
    return measures


def _training_rows(held: Path | None) -> Sequence[Mapping[str, Any]]:
    """Return the rows of the training file that an export puts beside the held-out one; none where it is missing."""
    path = held.with_name(held.name.replace(".held", "")) if held else None
    if path is None or path == held or not path.is_file() or not path.stat().st_size:
        return ()
    return read_rows(path, _KEYS).rows


def _as_json(version: Version) -> Mapping[str, Any]:
    manifest = version.manifest
    return {
        "version": version.name,
        "stage": version.stage,
        "base_model": manifest.base_model,
        "method": manifest.method,
        "data_hash": manifest.data_hash,
        "parent": manifest.parent,
        "created_at": manifest.created_at.isoformat() if manifest.created_at else None,
        "settings": dict(manifest.settings),
        "metrics": dict(manifest.metrics),
    }
