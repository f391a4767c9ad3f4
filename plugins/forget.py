"""``/forget``: removing a document of the space."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry


async def forget(context: Context) -> None:
    """Remove one document and everything learned from it."""
    document = await context.services.documents.forget(context.message.arguments["document"])
    await context.reply(context.say("docs.forgotten", title=document.title, n_passages=document.n_passages))


def register(registry: Registry) -> None:
    """Add ``/forget``."""
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
