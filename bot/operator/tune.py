"""``aion tune``: refits the gate, shows what that changes, and puts the new version in use."""

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
from bot.operator.evaluate import cached_embedder
from bot.operator.quality import opened_database
from bot.terminal.language import speaking
from bot.terminal.output import progress_bar
from core.assembly.data_folder import provider_keys
from core.confidence.calibrate import Coefficients
from core.confidence.fit import GateExample
from core.confidence.gate_versions import SHIPPED, TunedGates
from core.confidence.reader_gate import with_reading
from core.errors import BadInput
from core.evaluation.dataset import read_labelled
from core.experiments.gate_tuning import GateFigures, TunedGate, labelled_examples, rated_examples, tune
from core.experiments.search_sweep import Choice, n_searches, pareto, sweep
from core.generation.grounding.reader import open_reader
from core.generation.providers.catalogue import read_providers
from core.ports import Embedder, Reader
from core.settings import read_settings
from core.storage.impressions import Impressions
from core.texts import say
from core.types import SpaceId

RISK = 0.10
"""What may be unanswerable of what is answered locally, where a provider takes the questions between."""


async def refit(folders: Sequence[Path], space: str | None, risk: float | None, keep: bool, as_json: bool) -> None:
    """Refit the gate to labelled folders and to a space's ratings, print before and after, and ``keep`` the result."""
    settings, console = read_settings(), Console(stderr=True)
    embedder = cached_embedder(settings, console)
    log_to_file(settings)
    gates = TunedGates(settings.data_dir / "gate")
    reader = open_reader(settings.reader, embedder.id, lambda key: None)
    start = gates.current(embedder.id, reader.id if reader else "")
    if reader is not None:
        start = with_reading(start, reader.id)
        reader.warm()
    examples = [*_labelled(await _asked(folders, embedder, reader, console)), *await _rated(space, start)]
    if risk is None and provider_keys(read_providers(settings.providers_file)):
        risk = RISK
    tuned = tune(examples, start, embedder.id, risk)
    version = gates.save(tuned.coefficients) if keep else None
    if as_json:
        Console(soft_wrap=True).print_json(json.dumps(_as_json(tuned, version)))
    else:
        _print(tuned, version)


async def search(folders: Sequence[Path], as_json: bool) -> None:
    """Print, for each labelled folder, the settings that no other beats in quality, latency and length of context."""
    if not folders:
        raise BadInput("tune.no_folder")
    settings, console = read_settings(), Console(stderr=True)
    embedder = cached_embedder(settings, console)
    log_to_file(settings)
    start = TunedGates(settings.data_dir / "gate").current(embedder.id)
    best: dict[str, list[Choice]] = {}
    sets = [read_labelled(folder) for folder in folders]
    with progress_bar(console) as progress:
        for data in sets:
            bar = progress.add_task(data.name, total=n_searches(data))
            best[data.name] = pareto(await sweep(data, embedder, start, partial(progress.advance, bar)))
    for name, choices in best.items():
        choices.sort(key=lambda choice: choice.costs)
        if not as_json:
            _print_choices(name, choices)
    if as_json:
        plain = {name: [asdict(choice) for choice in choices] for name, choices in best.items()}
        Console(soft_wrap=True).print_json(json.dumps({"sets": plain}))


def _print_choices(name: str, choices: Sequence[Choice]) -> None:
    table = Table(*asdict(choices[0]), title=name)
    for choice in choices:
        values = asdict(choice).values()
        table.add_row(*("–" if v is None else f"{v:.3f}" if isinstance(v, float) else str(v) for v in values))
    Console(highlight=False, width=140 if not Console().is_terminal else None).print(table)


async def rollback() -> None:
    """Put the coefficients in use that the present ones replaced."""
    version = TunedGates(read_settings().data_dir / "gate").rollback()
    _say("tune.shipped_again" if version == SHIPPED else "tune.back", **({"version": version} if version else {}))


async def _asked(
    folders: Sequence[Path], embedder: Embedder, reader: Reader | None, console: Console
) -> list[list[GateExample]]:
    sets = [read_labelled(folder) for folder in folders]
    with progress_bar(console) as progress:
        bars = [progress.add_task(data.name, total=len(data.questions)) for data in sets]
        return [
            await labelled_examples(data, embedder, partial(progress.advance, bar), reader)
            for data, bar in zip(sets, bars, strict=True)
        ]


def _labelled(sets: Sequence[Sequence[GateExample]]) -> list[GateExample]:
    return [example for examples in sets for example in examples]


async def _rated(space: str | None, start: Coefficients) -> list[GateExample]:
    if space is None:
        return []
    async with opened_database() as database:
        return rated_examples(await Impressions(database).rated(SpaceId(space)), start)


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
    Console(highlight=False, width=140 if not Console().is_terminal else None).print(table)
    _say("tune.held_out")
    if version is None:
        _say("tune.dry_run")
    else:
        _say("tune.kept", version=version)


def _say(key: str, **values: object) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(say(speaking(), key, **values), markup=False)
