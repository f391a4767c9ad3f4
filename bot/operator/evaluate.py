"""``aion eval``: how well questions of labelled folders are found, judged and answered, with what is in use here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from bot.logs import log_to_file
from bot.terminal.language import speaking
from bot.terminal.output import progress_bar, teller
from core.confidence.gate import open_gate
from core.confidence.gate_versions import TunedGates
from core.confidence.reader_gate import with_reader
from core.evaluation.cached import CachedEmbedder
from core.evaluation.dataset import read_labelled
from core.evaluation.harness import Measurement, as_json, as_table, table
from core.evaluation.written import written_metrics
from core.experiments.answer_eval import written_answers
from core.experiments.search_eval import assess
from core.generation.grounding.reader import open_reader
from core.generation.local.factory import open_generator
from core.generation.providers.router import Router
from core.generation.writer import Writers
from core.ports import Embedder, Gate, Reader
from core.retrieval.embed import open_embedder
from core.retrieval.rerank import open_reranker
from core.settings import Settings, read_settings
from core.texts import say


async def evaluate(folders: Sequence[Path], as_json_text: bool, pictures: Path | None) -> None:
    """Print every measure of every folder, as a table or as JSON; what is being done goes to the standard error.

    Risk–coverage and reliability are drawn into the folder ``pictures``, where one is given.
    """
    settings, console = read_settings(), Console(stderr=True)
    embedder, gate, reader = in_use(settings, console)
    reranker = open_reranker(settings.reranker, teller(console))
    sets = [read_labelled(folder) for folder in folders]
    measured = {
        data.name: await assess(
            data, embedder, gate, tell=lambda line: console.print(line, style="dim"), reranker=reranker, reader=reader
        )
        for data in sets
    }
    _print(json.dumps(as_json(measured), indent=1) if as_json_text else as_table(measured))
    for name, methods in measured.items():
        if not next(iter(methods.values())).has_both_kinds:
            console.print(say(speaking(), "eval.one_kind", name=name), markup=False)
    if pictures is not None:
        _draw(measured, pictures, console)


async def evaluate_answers(folders: Sequence[Path], as_json_text: bool, limit: int) -> None:
    """Print how good the answers to at most ``limit`` questions of every folder are, as a table or as JSON."""
    settings, console = read_settings(), Console(stderr=True)
    embedder, gate, reader = in_use(settings, console)
    gate = with_reader(gate, reader)
    local = open_generator(settings.local_model, settings.models_dir, teller(console))
    writers = Writers(local, Router(), embedder, "abstain")
    sets = [read_labelled(folder) for folder in folders]
    figures: dict[str, Mapping[str, float | None]] = {}
    with progress_bar(console) as progress:
        for data in sets:
            bar = progress.add_task(data.name, total=min(limit, len(data.questions)))
            replies = await written_answers(data, embedder, gate, writers, limit, partial(progress.advance, bar))
            figures[data.name] = {**written_metrics(replies), "n": len(replies)}
    _print(
        json.dumps({"sets": figures}, indent=1) if as_json_text else table({(name,): f for name, f in figures.items()})
    )


def in_use(settings: Settings, console: Console) -> tuple[Embedder, Gate, Reader | None]:
    """Return the embedder of the settings, remembering what it embedded, and the gate and reader questions meet."""
    log_to_file(settings)
    embedder = cached_embedder(settings, console)
    reader = open_reader(settings.reader, embedder.id, teller(console))
    if reader is not None:
        reader.warm()
    coefficients = TunedGates(settings.data_dir / "gate").current(embedder.id, reader.id if reader else "")
    return embedder, open_gate(settings.confidence, settings.tau, coefficients), reader


def cached_embedder(settings: Settings, console: Console) -> Embedder:
    """Return the settings' embedder, with all it embedded for a measurement before."""
    embedder = open_embedder(settings.embedder, settings.models_dir, teller(console))
    return CachedEmbedder(embedder, settings.data_dir / "eval-vectors.sqlite")


def _draw(measured: Mapping[str, Mapping[str, Measurement]], folder: Path, console: Console) -> None:
    from core.evaluation.plots import plot

    for name, methods in measured.items():
        for path in plot(name, methods, folder):
            console.print(str(path), markup=False, highlight=False, soft_wrap=True)


def _print(text: str) -> None:
    Console(soft_wrap=True, highlight=False).print(text, markup=False)
