"""``/right`` and ``/wrong``: whether the closest passages answered; called by the buttons under them.

Both are stored as thumbs on the answer, which ``aion tune`` reads as labels.
"""

from __future__ import annotations

from core.commands import Command, Context, Registry
from core.types import Button
from plugins.knowledge.sources import ANSWER


async def right(context: Context) -> None:
    """Store that the passages answered, so that the next who asks the same gets them as the answer."""
    await context.services.answers.rate(int(context.message.arguments["answer"]), "up")
    await context.reply(context.say("closest.confirmed"))


async def wrong(context: Context) -> None:
    """Store that they did not, and offer to ask a human."""
    answer = context.message.arguments["answer"]
    await context.services.answers.rate(int(answer), "down")
    await context.reply(context.say("closest.rejected"), Button(context.say("button.human"), "human", str(answer)))


def register(registry: Registry) -> None:
    """Add ``/right`` and ``/wrong``."""
    registry.add(
        Command(
            name="right",
            description={"en": "Yes, this answers my question", "pt": "Sim, isto responde à minha pergunta"},
            handler=right,
            parameters=(ANSWER,),
            quiet=True,
            listed=False,
        )
    )
    registry.add(
        Command(
            name="wrong",
            description={"en": "No, this is not what I asked", "pt": "Não, não foi isso que perguntei"},
            handler=wrong,
            parameters=(ANSWER,),
            quiet=True,
            listed=False,
        )
    )
