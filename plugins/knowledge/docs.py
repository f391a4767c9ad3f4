"""``/docs``: the documents of the space; ``/forget``: removing one."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.markdown import Markdown
from core.types import Document, StorageUsage, readers_of

_SHOWN = 50
"""Titles listed in a reply; the command line (``aion docs``) lists them all."""


async def docs(context: Context) -> None:
    """List the space's documents, and count the operator's."""
    services = context.services.documents
    documents = await services.documents()
    if documents:
        lines = [context.say("docs.heading", n_documents=len(documents))]
        lines += [_line(context, document) for document in documents[:_SHOWN]]
    else:
        lines = [context.say("docs.none")]
    if len(documents) > _SHOWN:
        lines.append(context.say("docs.more", n_documents=len(documents) - _SHOWN))
    if n_general := await services.count_general():
        lines.append(context.say("docs.general", n_documents=n_general))
    lines += _usage(context, await services.usage()) if documents else ()
    await context.reply(Markdown("\n").join(lines))


def _line(context: Context, document: Document) -> Markdown:
    """Return a document with its number, and for whom it is kept where that is not everyone."""
    values = {"id": document.id, "title": document.title, "n_passages": document.n_passages}
    if not readers_of(document.space):
        return context.say("docs.line", **values)
    return context.say("docs.line_kept", audience=context.audience(document.space), **values)


def _usage(context: Context, usage: StorageUsage) -> tuple[Markdown, ...]:
    """Return the line on what is used of the space's limits; nothing where there are none."""
    limit = usage.limit
    if not (limit.n_documents or limit.n_chars):
        return ()
    values = {"max_documents": limit.n_documents or "∞", "max_mb": f"{limit.n_chars / 1e6:g}" if limit.n_chars else "∞"}
    return (context.say("docs.usage", n_documents=usage.n_documents, mb=usage.n_chars / 1e6, **values),)


async def forget(context: Context) -> None:
    """Remove one document and everything learned from it."""
    document = await context.services.documents.forget(context.message.arguments["document"])
    await context.note("forget", document.title)
    await context.reply(context.say("docs.forgotten", title=document.title, n_passages=document.n_passages))


def register(registry: Registry) -> None:
    """Add ``/docs`` and ``/forget``."""
    registry.add(
        Command(
            name="docs",
            description={"en": "List what I have been taught here", "pt": "Liste o que me ensinaram aqui"},
            handler=docs,
            quiet=True,
        )
    )
    registry.add(
        Command(
            name="forget",
            description={"en": "Remove a document", "pt": "Remova um documento"},
            handler=forget,
            parameters=(
                Parameter(
                    "document", {"en": "Its title, name or number", "pt": "Título, nome ou número"}, names="document"
                ),
            ),
            permission="teacher",
        )
    )
