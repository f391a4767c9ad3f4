"""``/again``: answering a question anew; called by the button under an answer."""

from __future__ import annotations

from core.commands import Command, Context, Registry
from plugins.sources import ANSWER


async def again(context: Context) -> None:
    """Answer the same question afresh."""
    question = await context.services.answers.question(int(context.message.arguments["answer"]))
    await context.answer_afresh(question)


def register(registry: Registry) -> None:
    """Add ``/again``."""
    registry.add(
        Command(
            name="again",
            description={"en": "Answer the same question afresh", "pt": "Responda de novo à mesma pergunta"},
            handler=again,
            parameters=(ANSWER,),
            listed=False,
        )
    )
