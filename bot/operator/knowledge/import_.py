"""``aion import``: previews and proposes what exported chat histories teach. Works while AION runs, loads no model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.operator.knowledge.review import open_reviews
from bot.terminal.language import terminal_language
from bot.terminal.open_data_folder import open_data_folder
from bot.terminal.output import TerminalConsole, print_line, print_markdown, print_sentence
from bot.terminal.speaker import TerminalSpeaker
from core.curation.watch import OPERATOR
from core.errors import BadInput
from core.importing.export_reader import ExportReader, open_export_pool
from core.importing.history_import import HistoryImport, ImportRequest
from core.settings import read_settings
from core.storage.curation.chat_lessons import ChatLessons
from core.storage.curation.consents import Consents
from core.texts import explain, say
from core.types import SpaceId
from plugins.knowledge.import_ import report_lines


@dataclass(frozen=True, slots=True)
class HistoryOptions:
    """The options of ``aion import``; ``since`` is a day, or empty."""

    space: str
    since: str
    trusted: tuple[str, ...]
    authors_agreed: bool


async def import_path(path: Path, options: HistoryOptions, dry_run: bool) -> None:
    """Import the export at ``path``, or every export in it; with ``dry_run`` show what would be proposed.

    Raises ``BadInput`` when there is no export, or none could be read.
    """
    since = _day(options.since)
    console = TerminalConsole(stderr=True)
    n_read = 0
    async with _open_import() as imports:
        person = imports.pseudonyms.of(OPERATOR)
        request = ImportRequest(
            SpaceId(options.space), person, terminal_language(), since, options.trusted, options.authors_agreed
        )
        exports = await imports.reader.find(path)
        for n, export in enumerate(exports, 1):
            with console.status(
                say(terminal_language(), "importing.reading", name=export.name, n=n, n_all=len(exports))
            ):
                try:
                    report = await (imports.preview if dry_run else imports.propose)(export, request)
                except BadInput as error:
                    print_line(f"✗ {explain(terminal_language(), error)}")
                    continue
            n_read += 1
            for line in report_lines(TerminalSpeaker(), report, is_preview=dry_run):
                print_markdown(line)
            if report.outcomes.get("new") and not dry_run:
                print_sentence("importing.in_terminal", site=report.site, space=options.space)
            if report.outcomes.get("held"):
                print_sentence("importing.held_in_terminal")
    if not n_read:
        raise BadInput("importing.unknown", name=path.name)


@asynccontextmanager
async def _open_import() -> AsyncIterator[HistoryImport]:
    settings = read_settings()
    async with open_data_folder() as folder, aclosing(open_export_pool()) as pool, open_reviews(folder) as reviews:
        consents, lessons = Consents(folder.database), ChatLessons(folder.database)
        reader, limit = ExportReader(pool), settings.max_file_bytes
        yield HistoryImport(reader, consents, reviews, reviews.pseudonyms, limit, lessons)


def _day(typed: str) -> datetime | None:
    """Return the start of a day in UTC, ``None`` for an empty text. Raises ``BadInput``."""
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=UTC)
    except ValueError:
        raise BadInput("importing.no_day", given=typed) from None
