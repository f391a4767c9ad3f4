"""``/docs``: the documents of the space."""

from __future__ import annotations

from core.commands import Command, Context, Registry

_SHOWN = 50
"""Titles listed in a reply; the command line (``aion docs``) lists them all."""


async def docs(context: Context) -> None:
    """List the space's documents."""
    documents = await context.services.documents.documents()
    if not documents:
        await context.reply(context.say("docs.none"))
        return
    lines = [context.say("docs.heading", n_documents=len(documents))]
    lines += [
        context.say("docs.line", id=document.id, title=document.title, n_passages=document.n_passages)
        for document in documents[:_SHOWN]
    ]
    if len(documents) > _SHOWN:
        lines.append(context.say("docs.more", n_documents=len(documents) - _SHOWN))
    await context.reply("\n".join(lines))


def register(registry: Registry) -> None:
    """Add ``/docs``."""
    registry.add(
        Command(
            name="docs",
            description={"en": "List what I have been taught here", "pt": "Liste o que me ensinaram aqui"},
            handler=docs,
            private=True,
        )
    )
