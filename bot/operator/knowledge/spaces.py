"""``aion spaces``: lists every space with what it was taught and asked. Works while AION runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table

from bot.terminal.language import terminal_language
from bot.terminal.open_data_folder import open_data_folder
from bot.terminal.output import TerminalConsole, print_raw, print_sentence
from core.control_characters import without_controls
from core.storage.spaces import SpaceFigures, Spaces
from core.texts import say

_COUNTS = ("documents", "passages", "answers")


async def print_spaces() -> None:
    """Print every space: a table at a terminal, tab-separated lines into a pipe."""
    found, console = await _figures(), TerminalConsole()
    if not found:
        print_sentence("spaces.none")
    elif console.is_terminal:
        console.print(_table(found))
    else:
        for each in found:
            print_raw("\t".join(map(without_controls, _fields(each))))


async def print_spaces_as_json() -> None:
    """Print every space as one JSON list; ``last_asked_at`` in UTC, null where nobody asked."""
    rows = [asdict(each) for each in await _figures()]
    print_raw(json.dumps(rows, ensure_ascii=False, indent=2, default=lambda moment: moment.isoformat()))


async def _figures() -> Sequence[SpaceFigures]:
    async with open_data_folder() as folder:
        return await Spaces(folder.database).figures()


def _table(found: Sequence[SpaceFigures]) -> Table:
    table, language = Table(), terminal_language()
    for name in ("space", "platform", "name", *_COUNTS, "last_asked"):
        table.add_column(say(language, f"spaces.{name}"), justify="right" if name in _COUNTS else "left")
    for each in found:
        table.add_row(*_fields(each))
    return table


def _fields(each: SpaceFigures) -> Sequence[str]:
    counts = (each.n_documents, each.n_passages, each.n_answers)
    asked = f"{each.last_asked_at:%Y-%m-%d %H:%M}" if each.last_asked_at else "–"
    return (each.space, each.platform, each.title or "–", *map(str, counts), asked)
