"""``aion tune``: refits the gate, prints its metrics before and after, and puts the new version in use."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from math import isnan
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.logs import log_to_file
from bot.operator.eval import open_cached_embedder, open_cached_second
from bot.terminal.language import terminal_language
from bot.terminal.open_data_folder import open_data_folder
from bot.terminal.output import TerminalConsole, print_sentence
from bot.terminal.progress import progress_bar
from core.assembly.providers import provider_keys
from core.confidence.calibrate import Coefficients
from core.confidence.fit import GateExample
from core.confidence.gate_versions import SHIPPED, GateVersions
from core.errors import BadInput
from core.evaluation.dataset import LabelledSet, read_labelled
from core.experiments.fusion_tuning import TunedFusion, tune_fusion
from core.experiments.gate_tuning import GateFigures, TunedGate, labelled_examples, rated_examples, tune
from core.experiments.search_sweep import SearchSetting, n_searches, pareto, sweep
from core.generation.providers.catalogue import read_providers
from core.ports import Embedder, Reader
from core.retrieval.fuse import Fusion, ScaledSum, fusion_for
from core.retrieval.reading.passage_reader import open_reader
from core.settings import read_settings
from core.storage.impressions import Impressions
from core.texts import say
from core.types import SpaceId

RISK = 0.10
"""Highest share of unanswerable questions among those answered locally, where a provider takes the middle band."""


async def refit_gate(folders: Sequence[Path], space: str | None, risk: float | None, keep: bool, as_json: bool) -> None:
    """Choose the search's weight and refit the gate to labelled folders and a space's ratings; print before and after.

    ``risk``, 0..1, bounds the unanswerable share of local answers; ``None``: ``RISK`` where a provider has a key, else
    the cut of best balanced accuracy. With ``keep`` the result becomes the version in use.
    """
    settings, console = read_settings(), TerminalConsole(stderr=True)
    embedder, second = open_cached_embedder(settings, console), open_cached_second(settings)
    log_to_file(settings)
    gates = GateVersions(settings.data_dir / "gate")
    reader = open_reader(settings.reader, embedder.id, settings.models_dir, lambda key: None, second)
    start = gates.current(embedder.id, reader.id if reader else "")
    if reader is not None:
        reader.warm()
    sets = [read_labelled(folder) for folder in folders]
    fusion_in_use = _fusion(gates, embedder.id)
    ranked = await _tuned_fusion(sets, embedder, fusion_in_use, console)
    nats = ranked.nats_per_cosine if ranked and ranked.is_better else gates.nats_per_cosine(embedder.id)
    fusion = fusion_in_use if nats is None else ScaledSum(nats)
    examples = [*await _labelled(sets, embedder, second, reader, fusion, console), *await _rated(space, start)]
    if risk is None and provider_keys(read_providers(settings.providers_file)):
        risk = RISK
    tuned = tune(examples, start, embedder.id, risk)
    version = gates.save(tuned.coefficients, nats) if keep else None
    if as_json:
        TerminalConsole(soft_wrap=True).print_json(json.dumps({**_as_json(tuned, version), "fusion": _plain(ranked)}))
    else:
        _print_fusion(ranked)
        _print(tuned, version)


async def sweep_settings(folders: Sequence[Path], as_json: bool) -> None:
    """Print each labelled folder's Pareto front of search settings by quality, latency and length of context.

    Raises ``BadInput`` without a folder.
    """
    if not folders:
        raise BadInput("tune.no_folder")
    settings, console = read_settings(), TerminalConsole(stderr=True)
    embedder = open_cached_embedder(settings, console)
    log_to_file(settings)
    start = GateVersions(settings.data_dir / "gate").current(embedder.id)
    best: dict[str, list[SearchSetting]] = {}
    sets = [read_labelled(folder) for folder in folders]
    with progress_bar(console) as bar:
        for data in sets:
            task = bar.add_task(data.name, total=n_searches(data))
            best[data.name] = pareto(await sweep(data, embedder, start, partial(bar.advance, task)))
    for name, choices in best.items():
        choices.sort(key=lambda choice: choice.costs)
        if not as_json:
            _print_choices(name, choices)
    if as_json:
        plain = {name: [asdict(choice) for choice in choices] for name, choices in best.items()}
        TerminalConsole(soft_wrap=True).print_json(json.dumps({"sets": plain}))


def _print_choices(name: str, choices: Sequence[SearchSetting]) -> None:
    table = Table(*asdict(choices[0]), title=name)
    for choice in choices:
        values = asdict(choice).values()
        table.add_row(*("–" if v is None else f"{v:.3f}" if isinstance(v, float) else str(v) for v in values))
    TerminalConsole(width=140 if not TerminalConsole().is_terminal else None).print(table)


async def rollback_gate() -> None:
    """Put the previous version of the gate's coefficients in use again."""
    version = GateVersions(read_settings().data_dir / "gate").rollback()
    if version == SHIPPED:
        print_sentence("tune.shipped_again")
    else:
        print_sentence("tune.back", version=version)


def _fusion(gates: GateVersions, embedder_id: str) -> Fusion:
    nats_per_cosine = gates.nats_per_cosine(embedder_id)
    return fusion_for(embedder_id) if nats_per_cosine is None else ScaledSum(nats_per_cosine)


async def _tuned_fusion(
    sets: Sequence[LabelledSet], embedder: Embedder, in_use: Fusion, console: Console
) -> TunedFusion | None:
    """Return the best weight of cosines against BM25 on all labelled folders; ``None`` with too few topics."""
    n_questions = sum(bool(question.relevance) for data in sets for question in data.questions)
    with progress_bar(console) as bar:
        task = bar.add_task(say(terminal_language(), "tune.search"), total=n_questions)
        return await tune_fusion(sets, embedder, in_use, partial(bar.advance, task))


def _plain(ranked: TunedFusion | None) -> Mapping[str, object] | None:
    return {**asdict(ranked), "is_better": ranked.is_better} if ranked else None


def _print_fusion(ranked: TunedFusion | None) -> None:
    if ranked is not None:
        key = "tune.fusion_changed" if ranked.is_better else "tune.fusion_stays"
        print_sentence(key, nats=ranked.nats_per_cosine, before=ranked.before, after=ranked.after)


async def _labelled(
    sets: Sequence[LabelledSet],
    embedder: Embedder,
    second: Embedder | None,
    reader: Reader | None,
    fusion: Fusion,
    console: Console,
) -> list[GateExample]:
    """Return one example for each question of the labelled folders."""
    with progress_bar(console) as bar:
        tasks = [bar.add_task(data.name, total=len(data.questions)) for data in sets]
        return [
            example
            for data, task in zip(sets, tasks, strict=True)
            for example in await labelled_examples(data, embedder, partial(bar.advance, task), reader, fusion, second)
        ]


async def _rated(space: str | None, start: Coefficients) -> list[GateExample]:
    """Return one example for each rated answer of ``space``; none without a space."""
    if space is None:
        return []
    async with open_data_folder() as folder:
        return rated_examples(await Impressions(folder.database).rated(SpaceId(space)), start)


def _as_json(tuned: TunedGate, version: int | None) -> Mapping[str, object]:
    def plain(figures: Mapping[str, GateFigures]) -> Mapping[str, object]:
        return {
            origin: {name: None if isnan(value) else value for name, value in asdict(each).items()}
            for origin, each in figures.items()
        }

    new = tuned.coefficients
    return {
        "version": version,
        "before": {"bands": [tuned.start.upper, tuned.start.lower], "sets": plain(tuned.before)},
        "after": {"bands": [new.upper, new.lower], "sets": plain(tuned.after)},
    }


def _print(tuned: TunedGate, version: int | None) -> None:
    names = list(asdict(next(iter(tuned.before.values()))))
    table = Table("", "", *names, "local ≥", "provider ≥")
    for origin in tuned.before:
        for when, coefficients, figures in (
            ("before", tuned.start, tuned.before[origin]),
            ("after", tuned.coefficients, tuned.after[origin]),
        ):
            shown = ("–" if isnan(value) else f"{value:.3f}" for value in asdict(figures).values())
            table.add_row(origin, when, *shown, f"{coefficients.upper:.2f}", f"{coefficients.lower:.2f}")
    TerminalConsole(width=140 if not TerminalConsole().is_terminal else None).print(table)
    print_sentence("tune.held_out")
    if version is None:
        print_sentence("tune.dry_run")
    else:
        print_sentence("tune.kept", version=version)
