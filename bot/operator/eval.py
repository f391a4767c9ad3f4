"""``aion eval``: search, gate and written answers measured on labelled questions, with the components in use here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from bot.logs import log_to_file
from bot.operator.temporary_community import open_temporary_community
from bot.terminal.language import terminal_language
from bot.terminal.output import TerminalConsole, print_line, print_sentence, status_printer
from bot.terminal.progress import progress_bar
from core.confidence.gate import open_gate
from core.confidence.gate_versions import GateVersions
from core.errors import BadInput
from core.evaluation.cached import CachedEmbedder
from core.evaluation.dataset import read_labelled
from core.evaluation.harness import Measurement, as_json, as_table, table
from core.evaluation.outcomes import MemberAnswer, metrics_by_kind
from core.evaluation.sheet import as_sheet
from core.evaluation.written import written_metrics
from core.experiments.answer_eval import written_answers
from core.experiments.member_eval import member_answers
from core.experiments.search_eval import assess
from core.generation.local.factory import open_generator
from core.generation.providers.router import Router
from core.generation.writer import Writers
from core.offload import offload
from core.ports import Embedder, Gate, Reader
from core.retrieval.embed import open_embedder, open_second
from core.retrieval.reading.passage_reader import open_reader
from core.retrieval.rerank import open_reranker
from core.settings import Settings, read_settings
from core.texts import explain, say


async def evaluate_search(folders: Sequence[Path], as_json_text: bool, plots: Path | None) -> None:
    """Print every search and gate metric of every labelled folder, as a table or JSON; progress goes to stderr.

    ``plots`` is the folder for risk–coverage and reliability diagrams, ``None`` for none.
    """
    settings, console = read_settings(), TerminalConsole(stderr=True)
    embedder, gate, reader = open_judges(settings, console)
    reranker, second = open_reranker(settings.reranker, status_printer(console)), open_cached_second(settings)
    sets = [read_labelled(folder) for folder in folders]
    measured = {
        data.name: await assess(
            data, embedder, gate, lambda line: console.print(line, style="dim"), reranker, reader, second
        )
        for data in sets
    }
    print_line(json.dumps(as_json(measured), indent=1) if as_json_text else as_table(measured))
    for name, methods in measured.items():
        if not next(iter(methods.values())).has_both_kinds:
            console.print(say(terminal_language(), "eval.one_kind", name=name))
    if plots is not None:
        _plot(measured, plots, console)


async def evaluate_answers(folders: Sequence[Path], as_json_text: bool, limit: int, sheet: Path | None) -> None:
    """Print the metrics of the answers to at most ``limit`` questions of every folder, as a table or JSON.

    Folders whose questions have required strings are answered as members would be, and reported by kind of question;
    ``sheet`` is the file for their questions and answers side by side. The others are scored against their reference
    answers. Raises ``BadInput`` when the sheet cannot be written.
    """
    settings, console = read_settings(), TerminalConsole(stderr=True)
    embedder, gate, reader = open_judges(settings, console)
    sets = [read_labelled(folder) for folder in folders]
    answered: dict[str, list[MemberAnswer]] = {}
    metrics: dict[str, Mapping[str, float | None]] = {}
    second, tell = open_cached_second(settings), status_printer(console)

    def left_out(name: str, error: BadInput) -> None:
        problem = explain(terminal_language(), error)
        console.print(say(terminal_language(), "eval.left_out", name=name, problem=problem), markup=False)

    open_community = partial(open_temporary_community, settings, embedder, second, gate, reader, tell, left_out)
    with progress_bar(console) as bar:
        for data in sets:
            asked = partial(bar.advance, bar.add_task(data.name, total=min(limit, len(data.questions))))
            if any(question.must for question in data.questions):
                answered[data.name] = await member_answers(data, open_community, limit, asked)
            else:
                local = open_generator(settings.local_model, settings.models_dir, status_printer(console))
                replies = await written_answers(
                    data, embedder, gate, Writers(local, Router(), embedder, "abstain"), limit, asked, reader
                )
                metrics[data.name] = {**written_metrics(replies), "n": len(replies)}
    by_kind = {name: metrics_by_kind(each) for name, each in answered.items()}
    if as_json_text:
        print_line(json.dumps({"sets": {**metrics, **by_kind}}, indent=1))
    else:
        if metrics:
            print_line(table({(name,): measures for name, measures in metrics.items()}))
        if by_kind:
            print_line(table(_rows(by_kind)))
    if sheet is not None:
        await _write_sheet(sheet, answered)


def _rows(
    by_kind: Mapping[str, Mapping[str, Mapping[str, float | None]]],
) -> Mapping[tuple[str, ...], Mapping[str, float | None]]:
    return {(name, kind): measures for name, kinds in by_kind.items() for kind, measures in kinds.items()}


async def _write_sheet(path: Path, answered: Mapping[str, Sequence[MemberAnswer]]) -> None:
    try:
        await offload(path.write_text, as_sheet(answered), encoding="utf-8")
    except OSError as error:
        raise BadInput("map.unwritable", path=path, problem=error.strerror) from error
    print_sentence("file.saved", path=path)


def open_judges(settings: Settings, console: Console) -> tuple[Embedder, Gate, Reader | None]:
    """Return the embedder, gate and reader that questions meet here; the embedder caches its vectors on disk."""
    log_to_file(settings)
    embedder = open_cached_embedder(settings, console)
    reader = open_reader(
        settings.reader, embedder.id, settings.models_dir, status_printer(console), open_cached_second(settings)
    )
    if reader is not None:
        reader.warm()
    tuned = GateVersions(settings.data_dir / "gate")
    reading = tuned.current(embedder.id, reader.id) if reader else None
    return embedder, open_gate(settings.confidence, settings.tau, tuned.current(embedder.id), reading), reader


def open_cached_embedder(settings: Settings, console: Console) -> Embedder:
    """Return the settings' embedder; vectors made for earlier measurements are read from the data folder."""
    embedder = open_embedder(settings.embedder, settings.models_dir, status_printer(console))
    return CachedEmbedder(embedder, settings.data_dir / "eval-vectors.sqlite")


def open_cached_second(settings: Settings) -> Embedder | None:
    """Return the settings' second embedder, if any, with vectors kept as the first one's are."""
    second = open_second(settings.second_embedder, settings.embedder)
    return None if second is None else CachedEmbedder(second, settings.data_dir / "eval-vectors.sqlite")


def _plot(measured: Mapping[str, Mapping[str, Measurement]], folder: Path, console: Console) -> None:
    from core.evaluation.plots import plot

    for name, methods in measured.items():
        for path in plot(name, methods, folder):
            console.print(str(path), highlight=False, soft_wrap=True)
