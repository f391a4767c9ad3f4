"""``aion eval``: search, gate and written answers measured on labelled questions, with the components in use here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from bot.logs import log_to_file
from bot.terminal.language import terminal_language
from bot.terminal.output import print_line, progress_bar, status_printer
from core.confidence.gate import open_gate
from core.confidence.gate_versions import GateVersions
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


async def evaluate_search(folders: Sequence[Path], as_json_text: bool, plots: Path | None) -> None:
    """Print every search and gate metric of every labelled folder, as a table or JSON; progress goes to stderr.

    ``plots`` is the folder for risk–coverage and reliability diagrams, ``None`` for none.
    """
    settings, console = read_settings(), Console(stderr=True)
    embedder, gate, reader = open_judges(settings, console)
    reranker = open_reranker(settings.reranker, status_printer(console))
    sets = [read_labelled(folder) for folder in folders]
    measured = {
        data.name: await assess(
            data, embedder, gate, tell=lambda line: console.print(line, style="dim"), reranker=reranker, reader=reader
        )
        for data in sets
    }
    print_line(json.dumps(as_json(measured), indent=1) if as_json_text else as_table(measured))
    for name, methods in measured.items():
        if not next(iter(methods.values())).has_both_kinds:
            console.print(say(terminal_language(), "eval.one_kind", name=name), markup=False)
    if plots is not None:
        _plot(measured, plots, console)


async def evaluate_answers(folders: Sequence[Path], as_json_text: bool, limit: int) -> None:
    """Print the metrics of the answers written to at most ``limit`` questions of every folder, as a table or JSON."""
    settings, console = read_settings(), Console(stderr=True)
    embedder, gate, reader = open_judges(settings, console)
    gate = with_reader(gate, reader)
    local = open_generator(settings.local_model, settings.models_dir, status_printer(console))
    writers = Writers(local, Router(), embedder, "abstain")
    sets = [read_labelled(folder) for folder in folders]
    metrics: dict[str, Mapping[str, float | None]] = {}
    with progress_bar(console) as bar:
        for data in sets:
            task = bar.add_task(data.name, total=min(limit, len(data.questions)))
            replies = await written_answers(data, embedder, gate, writers, limit, partial(bar.advance, task))
            metrics[data.name] = {**written_metrics(replies), "n": len(replies)}
    print_line(
        json.dumps({"sets": metrics}, indent=1) if as_json_text else table({(name,): m for name, m in metrics.items()})
    )


def open_judges(settings: Settings, console: Console) -> tuple[Embedder, Gate, Reader | None]:
    """Return the embedder, gate and reader that questions meet here; the embedder caches its vectors on disk."""
    log_to_file(settings)
    embedder = open_cached_embedder(settings, console)
    reader = open_reader(settings.reader, embedder.id, status_printer(console))
    if reader is not None:
        reader.warm()
    coefficients = GateVersions(settings.data_dir / "gate").current(embedder.id, reader.id if reader else "")
    return embedder, open_gate(settings.confidence, settings.tau, coefficients), reader


def open_cached_embedder(settings: Settings, console: Console) -> Embedder:
    """Return the settings' embedder; vectors made for earlier measurements are read from the data folder."""
    embedder = open_embedder(settings.embedder, settings.models_dir, status_printer(console))
    return CachedEmbedder(embedder, settings.data_dir / "eval-vectors.sqlite")


def _plot(measured: Mapping[str, Mapping[str, Measurement]], folder: Path, console: Console) -> None:
    from core.evaluation.plots import plot

    for name, methods in measured.items():
        for path in plot(name, methods, folder):
            console.print(str(path), markup=False, highlight=False, soft_wrap=True)
