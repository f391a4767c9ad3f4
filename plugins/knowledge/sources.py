"""``/sources``: what an answer quotes; ``/again``: answering its question anew. Called by the buttons under it."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry

ANSWER = Parameter("answer", {"en": "The answer's number", "pt": "O número da resposta"}, kind="number")
"""The id of an answer, as its buttons give it."""


async def sources(context: Context) -> None:
    """Show what an answer quotes, word for word."""
    await context.reply(await context.services.answers.sources(int(context.message.arguments["answer"])))


async def again(context: Context) -> None:
    """Answer the same question afresh."""
    question = await context.services.answers.question(int(context.message.arguments["answer"]))
    await context.answer_afresh(question)


def register(registry: Registry) -> None:
    """Add ``/sources`` and ``/again``."""
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
    registry.add(
        Command(
            name="again",
            description={"en": "Answer the same question afresh", "pt": "Responda de novo à mesma pergunta"},
            handler=again,
            parameters=(ANSWER,),
            listed=False,
        )
    )
