"""``/new``: ending the session, so that the next question is not taken for a follow-up."""

from __future__ import annotations

from core.commands import Command, Context, Registry


async def new(context: Context) -> None:
    """Forget what the caller said in this conversation."""
    await context.services.conversation.start_afresh()
    await context.reply(context.say("conversation.afresh"))


def register(registry: Registry) -> None:
    """Add ``/new``."""
    registry.add(
        Command(
            name="new",
            description={"en": "Start a new conversation", "pt": "Comece uma nova conversa"},
            handler=new,
            quiet=True,
        )
    )
