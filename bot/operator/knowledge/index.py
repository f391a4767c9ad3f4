"""``aion index``: adds files and folders to a space's documents and reports what was read and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bot.control.commands import handed_over
from bot.terminal.caller import caller
from bot.terminal.changes import note_change
from bot.terminal.language import terminal_language
from bot.terminal.open_aion import open_aion
from bot.terminal.output import TerminalConsole, print_line, print_sentence, status_printer
from bot.terminal.progress import progress_bar
from core.assembly.models import prepare_local
from core.errors import BadInput
from core.knowledge.files import FileSelection, LeftOutReason
from core.knowledge.ingest import Progress, Report
from core.offload import offload
from core.texts import explain, say
from core.types import IndexedDocument, SpaceId

_REASONS: tuple[LeftOutReason, ...] = ("code", "kind", "ignored")
_N_SUFFIXES = 5
_N_NAMED = 5
"""Learned documents that the audit log names."""


@handed_over
async def index_paths(
    paths: Sequence[Path], space: str, selection: FileSelection, *, if_empty: bool, verbose: bool
) -> None:
    """Index files and folders into ``space``; print what is new, what could not be read and what was left out.

    With ``if_empty``, does nothing when the space already holds documents. The local model's files are made here, so
    that the first answer does not wait for them. Raises ``BadInput`` when nothing could be read.
    """
    console = TerminalConsole(stderr=True)
    async with open_aion(status_printer(console)) as aion:
        if if_empty and await aion.documents.list(SpaceId(space)):
            return
        with progress_bar(console) as bar:
            task = bar.add_task("", total=None)

            def show(step: Progress) -> None:
                bar.update(task, description=step.latest.name, completed=step.n_done, total=step.n_total)

            found = await caller().find(paths, aion.settings.max_file_bytes, selection)
            report = await aion.ingest.index_sources(SpaceId(space), found.sources, show)
        if learned := [each.name for each in report.indexed if each.outcome in ("added", "replaced")]:
            await note_change(aion.stores.database, space, "teach", ", ".join(learned[:_N_NAMED]), f"{len(learned)} ×")
        print_report(replace(report, left_out=found.left_out), verbose)
        if not report.indexed:
            raise BadInput("indexed.nothing")
        await offload(prepare_local, aion.settings, status_printer(console))


def outcome(indexed: IndexedDocument) -> str:
    """Return the sentence on one indexed document: added, replaced, unchanged or duplicate."""
    values = {"name": indexed.name, "n_passages": indexed.n_passages, "duplicate_of": indexed.duplicate_of or ""}
    return say(terminal_language(), f"indexed.{indexed.outcome}", **values)


def print_report(report: Report, verbose: bool) -> None:
    """Print what came of each file that is new, failed or was left out, and the counts."""
    for indexed in report.indexed:
        if indexed.outcome != "unchanged":
            print_line(outcome(indexed))
    for failed in report.failed:
        print_line(f"✗ {explain(terminal_language(), failed.error)}")
    for line in _left_out(report, verbose):
        print_line(line)
    if report.indexed or report.failed:
        counts = Counter(f"n_{indexed.outcome}" for indexed in report.indexed)
        kinds = ("n_added", "n_replaced", "n_unchanged", "n_duplicate")
        print_sentence("indexed.summary", **{kind: counts[kind] for kind in kinds}, n_failed=len(report.failed))


def _left_out(report: Report, verbose: bool) -> Iterator[str]:
    """Yield a line for each reason why files were left out, with their suffixes; with ``verbose`` one for each file."""
    for reason in _REASONS:
        files = [file for file in report.left_out if file.left_out == reason]
        if files and verbose:
            yield from (say(terminal_language(), f"skipped.{reason}_one", name=file.name) for file in files)
        elif files:
            suffixes = Counter(file.suffix for file in files)
            usual = [f"{suffix} {n}" for suffix, n in suffixes.most_common(_N_SUFFIXES)]
            more = ["…"] if len(suffixes) > _N_SUFFIXES else []
            shown = ", ".join([*usual, *more])
            yield say(terminal_language(), f"skipped.{reason}", n_files=len(files), suffixes=shown)
