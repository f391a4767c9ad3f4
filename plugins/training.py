"""``/training``: whether models may be trained on what is asked and rated in the space."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.markdown import Markdown
from plugins.privacy import switch


async def training(context: Context) -> None:
    """Let or forbid models to learn from what is asked and rated here; without an argument, say which."""
    if typed := context.message.arguments.get("allowed", ""):
        await context.services.rights.set_space_training(allowed=switch(typed))
        await context.note("set", "training", typed)
    rights = context.services.rights
    is_on = await rights.space_trains()
    lines = [context.say("training.on" if is_on else "training.off")]
    if is_on and rights.withholds_messages():
        lines.append(context.say("training.withheld"))
    await context.reply(Markdown("\n").join(lines))


def register(registry: Registry) -> None:
    """Add ``/training``."""
    registry.add(
        Command(
            name="training",
            description={"en": "Whether models may learn from this community", "pt": "Se modelos podem aprender daqui"},
            handler=training,
            parameters=(
                Parameter("allowed", {"en": "on or off (the default)", "pt": "on ou off (o padrão)"}, required=False),
            ),
            permission="moderator",
        )
    )
