"""``/docs`` and ``/forget``: what a space holds, and taking it away again."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry

_SHOWN = 50
"""More titles than this is a wall of text; the command line lists them all."""


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


async def forget(context: Context) -> None:
    """Remove one document and everything learned from it."""
    document = await context.services.documents.forget(context.message.arguments["document"])
    await context.reply(context.say("docs.forgotten", title=document.title, n_passages=document.n_passages))


def register(registry: Registry) -> None:
    """Add ``/docs`` and ``/forget``."""
    registry.add(
        Command(
            name="docs",
            description={"en": "List what I have been taught here", "pt": "Liste o que me ensinaram aqui"},
            handler=docs,
            private=True,
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
            permission="moderator",
        )
    )
