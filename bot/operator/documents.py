"""The command line's side of teaching: index, learn, docs, forget and reembed, with their progress."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bot.terminal.language import speaking
from bot.terminal.open_aion import opened
from bot.terminal.output import progress_bar, teller
from core.curation.watch import OPERATOR
from core.errors import BadInput
from core.knowledge.ingest import FailedDocument, Report
from core.knowledge.ingest import Progress as Step
from core.knowledge.map_image import as_html, as_png
from core.offload import offload
from core.services import Finding
from core.texts import explain, say
from core.types import IndexedDocument, Person, SpaceId
from plugins.learn import is_address, report, summary


def outcome(indexed: IndexedDocument) -> str:
    """Say what became of one document."""
    values = {"name": indexed.name, "n_passages": indexed.n_passages, "duplicate_of": indexed.duplicate_of or ""}
    return say(speaking(), f"indexed.{indexed.outcome}", **values)


async def index(paths: Sequence[Path], space: str, if_empty: bool) -> None:
    """Teach files and folders; print what is new and what could not be read."""
    console = Console(stderr=True)
    async with opened(teller(console)) as aion:
        if if_empty and await aion.documents.list(SpaceId(space)):
            return
        with progress_bar(console) as progress:
            bar = progress.add_task("", total=None)

            def show(step: Step) -> None:
                progress.update(bar, description=step.latest.name, completed=step.n_done, total=step.n_total)

            report = await aion.ingest.index_paths(SpaceId(space), paths, show)
    _print_report(report)


def _print_report(report: Report) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for done in report.indexed:
        if done.outcome != "unchanged":
            console.print(outcome(done), markup=False)
    for failed in report.failed:
        console.print(f"✗ {_reason(failed)}", markup=False)
    counts = Counter(f"n_{done.outcome}" for done in report.indexed)
    kinds = ("n_added", "n_replaced", "n_unchanged", "n_duplicate")
    numbers = {kind: counts[kind] for kind in kinds} | {"n_failed": len(report.failed)}
    empty = not report.indexed and not report.failed
    console.print(say(speaking(), "indexed.nothing" if empty else "indexed.summary", **({} if empty else numbers)))


def _reason(failed: FailedDocument) -> str:
    return explain(speaking(), failed.error)


async def learn(what: str, space: str) -> None:
    """Teach one web page, or look for the best pages about a theme and show what becomes of each."""
    console = Console(highlight=False, soft_wrap=True)
    async with opened(teller(console)) as aion:
        learner = aion.services.learning.of(SpaceId(space), Person(OPERATOR, OPERATOR), speaking())
        if is_address(what):
            with console.status(say(speaking(), "indexed.fetching", name=what)):
                indexed = await learner.index_page(what)
            return console.print(outcome(indexed), markup=False)
        with Live(Text(say(speaking(), "curation.searching", theme=what)), console=console, transient=True) as live:

            async def tell(findings: tuple[Finding, ...]) -> None:
                live.update(Text(report(Terminal(), findings)))

            findings = await learner.learn_theme(what, tell)
    console.print(summary(Terminal(), what, findings), markup=False)
    console.print(report(Terminal(), findings), markup=False)
    if any(finding.outcome == "proposed" for finding in findings):
        console.print(say(speaking(), "review.in_terminal", space=space), markup=False)


class Terminal:
    """Says sentences of the catalogue in the terminal's language."""

    def say(self, key: str, **values: object) -> str:
        """Return a sentence."""
        return say(speaking(), key, **values)


async def docs(space: str) -> None:
    """Print a table of the space's documents; tab-separated lines into a pipe."""
    async with opened() as aion:
        documents = await aion.documents.list(SpaceId(space))
    console = Console(highlight=False)
    if not documents:
        console.print(say(speaking(), "docs.none"))
        return
    if not console.is_terminal:
        for document in documents:
            fields = (f"#{document.id}", document.title, ", ".join(document.names), str(document.n_passages))
            console.out("\t".join(fields), highlight=False)
        return
    table = Table("#", *(say(speaking(), f"docs.{column}") for column in ("title", "names", "passages", "updated")))
    for document in documents:
        names, updated = "\n".join(document.names), f"{document.updated_at:%Y-%m-%d %H:%M}"
        table.add_row(str(document.id), document.title, names, str(document.n_passages), updated)
    console.print(table)


async def forget(reference: str, space: str) -> None:
    """Remove one document."""
    async with opened() as aion:
        document = await aion.documents.forget(SpaceId(space), reference)
    console = Console(highlight=False, soft_wrap=True)
    console.print(say(speaking(), "docs.forgotten", title=document.title, n_passages=document.n_passages), markup=False)


async def reembed() -> None:
    """Embed every stored passage with the current embedder."""
    console = Console(stderr=True)
    async with opened(teller(console)) as aion:
        with progress_bar(console) as progress:
            bar = progress.add_task("", total=None)
            n_passages = await aion.reembedding.run(
                lambda n_done, n_total: progress.update(bar, completed=n_done, total=n_total)
            )
    Console(highlight=False).print(say(speaking(), "indexed.reembedded", n_passages=n_passages))


async def draw_map(space: str, html: Path | None, png: Path | None) -> None:
    """Draw what a space knows to the files named."""
    language = speaking()
    console = Console(highlight=False, soft_wrap=True)
    async with opened(teller(console)) as aion:
        with console.status(say(language, "map.drawing")):
            chart = await aion.services.documents.of(SpaceId(space)).chart()
            heading = say(language, "map.heading")
            if png is not None:
                await _write(png, await offload(as_png, chart, heading))
            if html is not None:
                await _write(html, (await offload(as_html, chart, heading)).encode())
    for path in filter(None, (png, html)):
        console.print(say(language, "file.saved", path=path.absolute()), markup=False)


async def _write(path: Path, data: bytes) -> None:
    """Write a file. Raises ``BadInput`` when that cannot be."""
    try:
        await offload(path.write_bytes, data)
    except OSError as error:
        raise BadInput("map.unwritable", path=path, problem=error.strerror) from error
