"""``/human``: passing a question to the moderators; called by the button under an answer, or typed alone."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.markdown import Markdown, quoted
from core.types import Button

_MAX_CHARS = 300
"""Longest quote of a question that is offered or waits."""

_SHOWN = 5
"""Waiting questions that are listed; those after them are listed once these are answered."""


async def human(context: Context) -> None:
    """Bring the question of an answer before the moderators; without a number, offer the caller's last one.

    Where moderators meet, one of them is shown what waits instead.
    """
    if number := context.message.arguments.get("answer", ""):
        is_asked = await context.services.handoffs.ask(int(number))
        await context.reply(context.say("handoff.asked" if is_asked else "handoff.nobody"))
    elif context.message.person.is_moderator and (await context.services.settings.get("moderators")).is_here:
        await _list_waiting(context)
    else:
        await _offer_last(context)


async def _list_waiting(context: Context) -> None:
    waiting = await context.services.handoffs.waiting(_SHOWN)
    if not waiting:
        return await context.reply(context.say("handoff.none_waiting"))
    lines = [context.say("handoff.waiting")]
    lines += [
        context.say("handoff.waiting_line", number=each.number, question=quoted(each.question, _MAX_CHARS))
        for each in waiting
    ]
    buttons = [
        Button(context.label("handoff.reply_to", number=each.number), "reply", str(each.number)) for each in waiting
    ]
    await context.reply(Markdown("\n").join(lines), *buttons)


async def _offer_last(context: Context) -> None:
    last = await context.services.handoffs.last_asked()
    if last is None:
        return await context.reply(context.say("handoff.how_to_ask"))
    button = Button(context.label("button.human"), "human", str(last.number))
    await context.reply(context.say("handoff.offer_last", question=quoted(last.question, _MAX_CHARS)), button)


def register(registry: Registry) -> None:
    """Add ``/human``."""
    registry.add(
        Command(
            name="human",
            description={"en": "Ask a human what I could not answer", "pt": "Pergunte a uma pessoa o que eu não soube"},
            handler=human,
            parameters=(
                Parameter(
                    "answer",
                    {
                        "en": "My answer's number; your last question without",
                        "pt": "O número da minha resposta; sem ele, a sua última pergunta",
                    },
                    kind="number",
                    required=False,
                ),
            ),
            quiet=True,
        )
    )
