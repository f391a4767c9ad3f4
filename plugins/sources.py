"""``/sources``: what an answer quotes; called by the button under it."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry

ANSWER = Parameter("answer", {"en": "The answer's number", "pt": "O número da resposta"}, kind="number")
"""The id of an answer, as its buttons give it."""


async def sources(context: Context) -> None:
    """Show what an answer quotes, word for word."""
    await context.reply(await context.services.answers.sources(int(context.message.arguments["answer"])))


def register(registry: Registry) -> None:
    """Add ``/sources``."""
    registry.add(
        Command(
            name="sources",
            description={"en": "What an answer quotes, word for word", "pt": "O que uma resposta cita, à letra"},
            handler=sources,
            parameters=(ANSWER,),
            quiet=True,
            listed=False,
        )
    )
