"""``/index``: storing the text of attached files."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import UserError
from core.markdown import Markdown
from core.types import IndexedDocument, readers_of

AUDIENCE = Parameter(
    "audience",
    {
        "en": "Who may read it: everyone, here, or channels and roles; by default who reads this channel",
        "pt": "Quem pode ler: everyone (todos), here (aqui), ou canais e cargos; sem isto, quem lê este canal",
    },
    kind="audience",
    required=False,
)
"""For whom a command teaches."""


def audience_lines(context: Context) -> tuple[Markdown, ...]:
    """Return the line that says for whom something taught is kept; none where that is everyone."""
    space = context.message.space
    return (context.say("audience.kept", audience=context.audience(space)),) if readers_of(space) else ()


def indexed_line(context: Context, indexed: IndexedDocument) -> Markdown:
    """Return the sentence on what became of one document."""
    return context.say(
        f"indexed.{indexed.outcome}",
        name=indexed.name,
        n_passages=indexed.n_passages,
        duplicate_of=indexed.duplicate_of or "",
    )


async def note_indexed(context: Context, indexed: IndexedDocument) -> None:
    """Record that a document was learned, unless nothing changed."""
    if indexed.outcome in ("added", "replaced"):
        await context.note("teach", indexed.name)


async def index(context: Context) -> None:
    """Store the text of every attached file; one that cannot be read does not stop the others."""
    lines = []
    for attachment in context.message.attachments:
        await context.progress(context.say("indexed.reading", name=attachment.name))
        try:
            indexed = await context.services.documents.index_attachment(attachment)
            await note_indexed(context, indexed)
            lines.append(indexed_line(context, indexed))
        except UserError as error:
            lines.append(context.explain(error))
    await context.reply(Markdown("\n").join([*lines, *audience_lines(context)]))


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
                AUDIENCE,
            ),
            permission="teacher",
        )
    )
