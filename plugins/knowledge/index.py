"""``/index``: storing the text of attached files."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import UserError
from core.markdown import Markdown
from core.types import IndexedDocument


def indexed_line(context: Context, indexed: IndexedDocument) -> Markdown:
    """Return the sentence on what became of one document."""
    return context.say(
        f"indexed.{indexed.outcome}",
        name=indexed.name,
        n_passages=indexed.n_passages,
        duplicate_of=indexed.duplicate_of or "",
    )


async def index(context: Context) -> None:
    """Store the text of every attached file; one that cannot be read does not stop the others."""
    lines = []
    for attachment in context.message.attachments:
        await context.progress(context.say("indexed.reading", name=attachment.name))
        try:
            lines.append(indexed_line(context, await context.services.documents.index_attachment(attachment)))
        except UserError as error:
            lines.append(context.explain(error))
    await context.reply(Markdown("\n").join(lines))


def register(registry: Registry) -> None:
    """Add ``/index``."""
    registry.add(
        Command(
            name="index",
            description={
                "en": "Teach me a file: documents, texts, tables, books, code",
                "pt": "Ensine-me um arquivo: documentos, textos, tabelas, livros, código",
            },
            handler=index,
            parameters=(
                Parameter("file", {"en": "The file to learn", "pt": "O arquivo a aprender"}, kind="attachment"),
            ),
            permission="teacher",
        )
    )
