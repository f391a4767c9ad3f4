"""``aion lora``: the LoRA versions there are, how they differ, and which of them answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.operator.evaluate import in_use
from bot.operator.train_options import versions
from bot.operator.train_reward import FOLDER as REWARDS
from bot.terminal.language import speaking
from bot.terminal.output import teller
from core.confidence.reader_gate import with_reader
from core.errors import BadInput
from core.evaluation.dataset import read_labelled
from core.experiments.lora_comparison import (
    MAX_SLOWER,
    Comparison,
    ComparisonData,
    ComparisonWriters,
    measured,
    written,
)
from core.generation.local.factory import open_generator, prepare_lora
from core.models.catalog import language_model_base
from core.models.lora import require_base
from core.models.registry import Version, differences
from core.offload import offload
from core.settings import read_settings
from core.texts import say
from core.training.retest import keep, report_of, retest
from core.training.reward import RewardModels
from core.training.rows import read_rows
from core.training.version_test import compare, is_promotable, write_report

BASE = "the base model"

N_RETESTED = 25
"""Disliked answers that are asked again for ``/learned``."""


@dataclass(frozen=True, slots=True)
class PromoteOptions:
    """How a version is to be promoted: ``thumbs`` is a held-out KTO file; ``share`` of the answers first (1: all).

    ``max_slower`` is how many times as long a token may take.
    """

    version: str
    thumbs: Path | None
    labelled: Sequence[Path]
    report: Path | None
    share: float
    n_answers: int
    max_slower: float = MAX_SLOWER


async def show() -> None:
    """Print a table of the versions."""
    table = Table(
        *(say(speaking(), f"lora.{column}") for column in ("version", "stage", "method", "parent", "metrics"))
    )
    for version in versions(read_settings()).versions():
        told = version.manifest
        metrics = ", ".join(f"{name} {value:.3g}" for name, value in told.metrics.items())
        stage = say(speaking(), f"lora.{version.stage}")
        table.add_row(version.name, stage, told.method, told.parent or "", metrics)
    Console(highlight=False).print(table)


async def show_as_json() -> None:
    """Print the versions as JSON."""
    Console().print_json(json.dumps([_as_json(version) for version in versions(read_settings()).versions()]))


async def add(folder: Path) -> None:
    """Register weights that were trained elsewhere."""
    version = await offload(versions(read_settings()).add, folder)
    _say("lora.added", version=version.name)


async def diff(one: str, other: str) -> None:
    """Print what two versions say differently of themselves."""
    registry = versions(read_settings())
    table = Table("", one, other)
    for name, (ours, theirs) in differences(registry.get(one).manifest, registry.get(other).manifest).items():
        table.add_row(name, str(ours), str(theirs))
    Console(highlight=False).print(table)


async def rollback() -> None:
    """End a trial, or go back to what answered before."""
    name = await offload(versions(read_settings()).rollback)
    _say("lora.answers_now", version=name or BASE)


async def promote_unseen(version: str) -> None:
    """Put a version to use without comparing it."""
    settings, console = read_settings(), Console(stderr=True)
    known, base = versions(settings).get(version), language_model_base(settings.local_model)
    require_base(known.manifest, base)
    await offload(prepare_lora, settings.local_model, settings.models_dir, known.folder, teller(console))
    await offload(versions(settings).promote, version, base)
    _say("lora.answers_now", version=version)


async def promote(ballot: PromoteOptions) -> None:
    """Compare a version with what answers now, and put it to use if that is no loss.

    Raises ``BadInput`` where there is nothing to compare them by, or the version is no gain.
    """
    if ballot.thumbs is None and not ballot.labelled:
        raise BadInput("lora.unjudged", version=ballot.version)
    settings, console = read_settings(), Console(stderr=True)
    registry = versions(settings)
    version, base = registry.get(ballot.version), language_model_base(settings.local_model)
    current = registry.standing().promoted
    contest = Comparison(
        registry,
        version,
        registry.get(current) if current else None,
        settings.local_model,
        settings.models_dir,
        teller(console),
    )
    thumbs = read_rows(ballot.thumbs, ("prompt", "completion", "label")).rows if ballot.thumbs else ()
    rewards = RewardModels(settings.data_dir / REWARDS).newest()
    judged = ComparisonData(
        thumbs,
        [read_labelled(folder) for folder in ballot.labelled],
        reward=rewards[1] if rewards else None,
        max_slower=ballot.max_slower,
    )
    embedder, gate, reader = in_use(settings, console)
    async with AsyncExitStack() as stack:
        before, after = (open_generator(settings.local_model, settings.models_dir, teller(console)) for _ in range(2))
        stack.push_async_callback(before.close)
        stack.push_async_callback(after.close)
        measures = await measured(
            contest, judged, ComparisonWriters(before, after, embedder, with_reader(gate, reader))
        )
        asked = [*_taught(ballot.thumbs), *thumbs]
        await offload(
            keep,
            await retest(asked, partial(written, after, max_new_tokens=120), N_RETESTED),
            report_of(registry, version.name),
        )
    compared = [compare(measure) for measure in measures]
    folder = ballot.report or report_of(registry, version.name)
    page = write_report(compared, version.name, current or BASE, folder)
    Console(soft_wrap=True, highlight=False).print(page.read_text(encoding="utf-8"), markup=False)
    if not is_promotable(compared):
        raise BadInput("lora.no_gain", version=version.name, page=page)
    if ballot.share < 1:
        await offload(registry.try_out, version.name, base, ballot.share, ballot.n_answers)
        _say("lora.on_trial", version=version.name, share=f"{ballot.share:.0%}", n=ballot.n_answers)
    else:
        await offload(registry.promote, version.name, base)
        _say("lora.answers_now", version=version.name)


def _taught(held: Path | None) -> Sequence[Mapping[str, Any]]:
    """Return the lines that an export trains on, where it holds them beside ``held``."""
    beside = held.with_name(held.name.replace(".held", "")) if held else None
    if beside is None or beside == held or not beside.is_file() or not beside.stat().st_size:
        return ()
    return read_rows(beside, ("prompt", "completion", "label")).rows


def _as_json(version: Version) -> Mapping[str, Any]:
    told = version.manifest
    return {
        "version": version.name,
        "stage": version.stage,
        "base_model": told.base_model,
        "method": told.method,
        "data_hash": told.data_hash,
        "parent": told.parent,
        "created_at": told.created_at.isoformat() if told.created_at else None,
        "settings": dict(told.settings),
        "metrics": dict(told.metrics),
    }


def _say(key: str, **values: object) -> None:
    Console(soft_wrap=True, highlight=False).print(say(speaking(), key, **values), markup=False)
