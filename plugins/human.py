"""``/human``: passing a question to the moderators; called by the button under an answer."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry


async def human(context: Context) -> None:
    """Bring the question of an answer before the moderators."""
    is_asked = await context.services.handoffs.ask(int(context.message.arguments["answer"]))
    await context.reply(context.say("handoff.asked" if is_asked else "handoff.nobody"))


def register(registry: Registry) -> None:
    """Add ``/human``."""
    registry.add(
        Command(
            name="human",
            description={"en": "Ask a human what I could not answer", "pt": "Pergunte a uma pessoa o que eu não soube"},
            handler=human,
            parameters=(
                Parameter("answer", {"en": "My answer's number", "pt": "O número da minha resposta"}, kind="number"),
            ),
            quiet=True,
            listed=False,
        )
    )
