"""``/ask``: answering a question; also where the bot does not read plain messages."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry


async def ask(context: Context) -> None:
    """Answer the question."""
    await context.answer(context.message.arguments["question"])


def register(registry: Registry) -> None:
    """Add ``/ask``."""
    registry.add(
        Command(
            name="ask",
            description={"en": "Ask what the community knows", "pt": "Pergunte o que a comunidade sabe"},
            handler=ask,
            parameters=(Parameter("question", {"en": "Your question", "pt": "Sua pergunta"}),),
        )
    )
