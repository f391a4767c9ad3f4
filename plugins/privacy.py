"""``/privacy``, ``/export_me`` and ``/forget_me``: what is stored of the caller, to see, to export and to erase."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput
from core.markdown import Markdown
from core.types import Button, File

_SWITCH = {"on": True, "off": False}
_CONFIRMED = "yes"


async def privacy(context: Context) -> None:
    """Say what is kept and why, and whether models learn from it; with an argument, let or forbid them."""
    if typed := context.message.arguments.get("training", ""):
        await context.services.rights.set_training(allowed=switch(typed))
    kept = await context.services.rights.kept()
    counts = Markdown(", ").join(context.say(f"kept.{kind}", n=n) for kind, n in kept.items() if n)
    learns = await context.services.rights.space_trains() and await context.services.rights.may_train()
    lines = (
        context.say("privacy.why"),
        context.say("privacy.kept", counts=counts) if counts else context.say("privacy.nothing"),
        context.say(_learns_key(context) if learns else "privacy.learns_not"),
        context.say("privacy.rights"),
    )
    await context.reply(Markdown("\n").join(lines))


def _learns_key(context: Context) -> str:
    return "privacy.learns_thumbs" if context.services.rights.withholds_messages() else "privacy.learns"


async def export_me(context: Context) -> None:
    """Hand over all that is kept of the caller."""
    await context.show(context.say("privacy.exported"), File("aion-my-data.json", await context.services.rights.copy()))


async def forget_me(context: Context) -> None:
    """Erase the caller, once they confirm."""
    if context.message.arguments.get("sure", "").strip().lower() != _CONFIRMED:
        button = Button(context.label("privacy.forget"), "forget_me", _CONFIRMED)
        return await context.reply(context.say("privacy.are_you_sure"), button)
    erased = await context.services.rights.forget()
    counts = Markdown(", ").join(context.say(f"kept.{kind}", n=n) for kind, n in erased.items() if n)
    await context.settle(context.say("privacy.forgotten", counts=counts or 0))


def switch(typed: str) -> bool:
    """Read ``on`` or ``off``. Raises ``BadInput`` on anything else."""
    allowed = _SWITCH.get(typed.strip().lower())
    if allowed is None:
        raise BadInput("privacy.unknown", typed=typed)
    return allowed


def register(registry: Registry) -> None:
    """Add ``/privacy``, ``/export_me`` and ``/forget_me``."""
    registry.add(
        Command(
            name="privacy",
            description={"en": "What I keep about you, and why", "pt": "O que guardo sobre você, e por quê"},
            handler=privacy,
            parameters=(
                Parameter(
                    "training",
                    {
                        "en": "off: no model learns from your questions and thumbs; on: it may",
                        "pt": "off: nenhum modelo aprende com suas perguntas e votos; on: pode",
                    },
                    required=False,
                ),
            ),
            private=True,
        )
    )
    registry.add(
        Command(
            name="export_me",
            description={
                "en": "Everything I keep about you, as a file",
                "pt": "Tudo o que guardo de você, num arquivo",
            },
            handler=export_me,
            private=True,
        )
    )
    registry.add(
        Command(
            name="forget_me",
            description={"en": "Erase everything I keep about you", "pt": "Apague tudo o que guardo sobre você"},
            handler=forget_me,
            parameters=(Parameter("sure", {"en": "yes, to confirm", "pt": "yes, para confirmar"}, required=False),),
            private=True,
        )
    )
