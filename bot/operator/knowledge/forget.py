"""``aion forget``: removes one document from a space."""

from __future__ import annotations

from bot.control.commands import handed_over
from bot.terminal.changes import note_change
from bot.terminal.open_data_folder import open_documents
from bot.terminal.output import print_sentence
from core.types import SpaceId


@handed_over
async def forget_document(reference: str, space: str) -> None:
    """Remove the document of that name, title or ``#number`` with its passages. Raises ``BadInput`` unless one fits."""
    async with open_documents() as documents:
        document = await documents.forget(SpaceId(space), reference)
        await note_change(documents.database, space, "forget", document.title)
    print_sentence("docs.forgotten", title=document.title, n_passages=document.n_passages)
