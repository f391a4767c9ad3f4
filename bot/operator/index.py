"""``aion index``: adds files and folders to a space's documents and reports each file's outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bot.terminal.language import terminal_language
from bot.terminal.open_aion import open_aion
from bot.terminal.output import TerminalConsole, print_line, print_sentence, progress_bar, status_printer
from core.knowledge.ingest import Progress, Report
from core.texts import explain, say
from core.types import IndexedDocument, SpaceId


async def index_paths(paths: Sequence[Path], space: str, if_empty: bool, follow_links: bool) -> None:
    """Index files and folders into ``space``; print what is new and what could not be read.

    With ``if_empty``, does nothing when the space already holds documents. With ``follow_links``, links in a folder may
    lead out of it.
    """
    console = TerminalConsole(stderr=True)
    async with open_aion(status_printer(console)) as aion:
        if if_empty and await aion.documents.list(SpaceId(space)):
            return
        with progress_bar(console) as bar:
            task = bar.add_task("", total=None)

            def show(step: Progress) -> None:
                bar.update(task, description=step.latest.name, completed=step.n_done, total=step.n_total)

            report = await aion.ingest.index_paths(SpaceId(space), paths, show, links_may_leave=follow_links)
    _print_report(report)


def outcome(indexed: IndexedDocument) -> str:
    """Return the sentence on one indexed document: added, replaced, unchanged or duplicate."""
    values = {"name": indexed.name, "n_passages": indexed.n_passages, "duplicate_of": indexed.duplicate_of or ""}
    return say(terminal_language(), f"indexed.{indexed.outcome}", **values)


def _print_report(report: Report) -> None:
    for indexed in report.indexed:
        if indexed.outcome != "unchanged":
            print_line(outcome(indexed))
    for failed in report.failed:
        print_line(f"✗ {explain(terminal_language(), failed.error)}")
    if not report.indexed and not report.failed:
        return print_sentence("indexed.nothing")
    counts = Counter(f"n_{indexed.outcome}" for indexed in report.indexed)
    kinds = ("n_added", "n_replaced", "n_unchanged", "n_duplicate")
    print_sentence("indexed.summary", **{kind: counts[kind] for kind in kinds}, n_failed=len(report.failed))
