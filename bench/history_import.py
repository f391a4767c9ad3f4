"""Importing a chat's history: time, memory, and how much of what was planted in it is found.

Run: python bench/history_import.py [--messages N] [--threads N]
Writes a synthetic history in two languages (``tests/chat_history.py``) as DiscordChatExporter would, imports it into a
new data folder as ``aion import`` does, without embedding, and again; then the same kind of history in every format.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
from contextlib import aclosing
from itertools import islice
from pathlib import Path

from bench.arguments import parser_for
from bench.table import heading, row
from bench.timing import timed
from core.assembly.bootstrap import assemble
from core.importing.export_reader import ExportReader, open_export_pool
from core.importing.formats.chat_export import find_exports
from core.importing.history_import import ImportRequest
from core.settings import Settings
from core.types import SpaceId
from plugins import load_plugins
from tests import chat_exports
from tests.chat_history import endless_chat, write_history
from tests.core.importing.test_survey import FORMATS, planted_in
from tests.fakes import ScriptedGenerator, WordEmbedder


async def import_twice(folder: Path, n_messages: int) -> None:
    """Import a history twice, and print what it took."""
    path = folder / "help.json"
    chat_exports.write_discord_json(path, islice(endless_chat(3), n_messages))
    settings = Settings.model_validate({"AION_DATA_DIR": folder / "data"})
    print(heading("import", "wall s", "lessons", "new", "known before", "largest process MB"))
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        request = ImportRequest(SpaceId("discord:1"), "bench", "en", is_agreed=True)
        for name in ("first", "again"):
            with timed() as elapsed:
                report = await aion.services.imports.propose(path, request)
            counts = report.outcomes
            known = counts.get("known", 0) + counts.get("waiting", 0)
            print(row(name, f"{elapsed.wall_s:.0f}", sum(counts.values()), counts.get("new", 0), known, largest_mb()))


def largest_mb() -> str:
    """Return the most resident memory of this process, and of any child that has ended, in MB."""
    own, child = (resource.getrusage(who).ru_maxrss / 1e3 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return f"{own:.0f} / {child:.0f}"


async def find_planted(folder: Path, n_threads: int) -> None:
    """Print, by format, how many planted solved questions are found, and how much else is proposed."""
    print(heading("format", "messages", "planted", "found", "proposed", "noise"))
    async with aclosing(open_export_pool()) as pool:
        reader = ExportReader(pool)
        for name, (styles, file) in FORMATS.items():
            n_messages = n_planted = n_found = n_lessons = 0
            for language in ("en", "pt"):
                history = write_history(7, language, n_threads // 2, styles=styles)
                path = folder / name / language / file
                path.parent.mkdir(parents=True)
                getattr(chat_exports, name)(path, history.messages)
                texts = {said.n: said.text for said in history.messages}
                surveys = [await reader.survey(export, None, [], "en") for export in find_exports(path)]
                lessons = [lesson for survey in surveys for lesson in survey.lessons]
                n_found += len({planted_in(lesson, history, texts) for lesson in lessons} - {None})
                n_messages += sum(survey.n_messages for survey in surveys)
                n_planted, n_lessons = n_planted + len(history.answers), n_lessons + len(lessons)
            found, noise = f"{n_found / n_planted:.1%}", f"{(n_lessons - n_found) / max(1, n_lessons):.1%}"
            print(row(name.removeprefix("write_"), n_messages, n_planted, found, n_lessons, noise))


def main() -> None:
    """Run both measurements."""
    parser = parser_for(__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(find_planted(Path(folder) / "formats", arguments.threads))
        print()
        asyncio.run(import_twice(Path(folder), arguments.messages))


if __name__ == "__main__":
    main()
