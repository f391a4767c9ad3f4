"""``aion docs``: lists the documents of a space."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from bot.control.commands import handed_over
from bot.terminal.language import terminal_language
from bot.terminal.open_data_folder import open_documents
from bot.terminal.output import TerminalConsole, print_raw, print_sentence
from core.control_characters import without_controls
from core.texts import say
from core.types import Document, SpaceId


@handed_over
async def print_documents(space: str) -> None:
    """Print the documents of ``space``: a table at a terminal, tab-separated lines into a pipe."""
    async with open_documents() as stored:
        documents = await stored.list(SpaceId(space))
        elsewhere = await stored.counts_elsewhere(SpaceId(space))
    console = TerminalConsole()
    if not documents:
        print_sentence("docs.none")
    elif console.is_terminal:
        console.print(_table(documents))
    else:
        for document in documents:
            fields = (f"#{document.id}", document.title, ", ".join(document.names), str(document.n_passages))
            print_raw("\t".join(map(without_controls, fields)))
    if console.is_terminal:
        for audience, n_documents in elsewhere.items():
            print_sentence("docs.elsewhere", space=audience, n_documents=n_documents)


def _table(documents: Sequence[Document]) -> Table:
    columns = ("title", "names", "passages", "updated")
    table = Table("#", *(say(terminal_language(), f"docs.{column}") for column in columns))
    for document in documents:
        names, updated = "\n".join(document.names), f"{document.updated_at:%Y-%m-%d %H:%M}"
        table.add_row(str(document.id), document.title, names, str(document.n_passages), updated)
    return table
