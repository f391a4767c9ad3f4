"""``/docs``: the documents of the space."""

from __future__ import annotations

from core.commands import Command, Context, Registry
from core.markdown import Markdown
from core.types import StorageUsage

_SHOWN = 50
"""Titles listed in a reply; the command line (``aion docs``) lists them all."""


async def docs(context: Context) -> None:
    """List the space's documents."""
    services = context.services.documents
    documents = await services.documents()
    if not documents:
        await context.reply(context.say("docs.none"))
        return
    lines = [context.say("docs.heading", n_documents=len(documents)), *_usage(context, await services.usage())]
    lines += [
        context.say("docs.line", id=document.id, title=document.title, n_passages=document.n_passages)
        for document in documents[:_SHOWN]
    ]
    if len(documents) > _SHOWN:
        lines.append(context.say("docs.more", n_documents=len(documents) - _SHOWN))
    await context.reply(Markdown("\n").join(lines))


def _usage(context: Context, usage: StorageUsage) -> tuple[Markdown, ...]:
    """Return the line on what is used of the space's limits; nothing where there are none."""
    limit = usage.limit
    if not (limit.n_documents or limit.n_chars):
        return ()
    values = {"max_documents": limit.n_documents or "∞", "max_mb": f"{limit.n_chars / 1e6:g}" if limit.n_chars else "∞"}
    return (context.say("docs.usage", n_documents=usage.n_documents, mb=usage.n_chars / 1e6, **values),)


def register(registry: Registry) -> None:
    """Add ``/docs``."""
    registry.add(
        Command(
            name="docs",
            description={"en": "List what I have been taught here", "pt": "Liste o que me ensinaram aqui"},
            handler=docs,
            quiet=True,
        )
    )
