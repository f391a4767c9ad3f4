"""``/reply``: a moderator's reply to a question passed to them; ``/teach_reply``: learning one."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput
from core.types import Button

_NUMBER = Parameter("number", {"en": "The question's number", "pt": "O número da pergunta"}, kind="number")


async def reply(context: Context) -> None:
    """Pass a moderator's reply on to who asked, and offer to learn it."""
    number, text = context.message.arguments["number"], context.message.arguments.get("text", "").strip()
    if not text:
        raise BadInput("handoff.wordless", number=number)
    replied = await context.services.handoffs.reply(int(number), text)
    if not replied.is_new:
        return await context.reply(context.say("handoff.late", number=number))
    await context.note("reply", f"#{number}", text)
    teach = Button(context.label("handoff.teach"), "teach_reply", number)
    await context.reply(context.say("handoff.passed_on", number=number), teach)


async def teach_reply(context: Context) -> None:
    """Learn a question and its reply."""
    number = context.message.arguments["number"]
    verdict = await context.services.handoffs.teach(int(number))
    taught = verdict is not None and verdict.is_new
    if taught:
        await context.note("teach", f"#{number}")
    await context.settle(context.say("handoff.taught" if taught else "handoff.known", number=number))


def register(registry: Registry) -> None:
    """Add ``/reply`` and ``/teach_reply``."""
    registry.add(
        Command(
            name="reply",
            description={"en": "Answer somebody's question to a human", "pt": "Responda a quem pediu uma pessoa"},
            handler=reply,
            parameters=(
                _NUMBER,
                Parameter("text", {"en": "Your answer", "pt": "A sua resposta"}, required=False),
            ),
            permission="moderator",
            takes_replies=True,
        )
    )
    registry.add(
        Command(
            name="teach_reply",
            description={"en": "Teach me a moderator's reply", "pt": "Ensine-me a resposta de quem modera"},
            handler=teach_reply,
            parameters=(_NUMBER,),
            permission="moderator",
            listed=False,
        )
    )
