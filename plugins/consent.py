"""``/consent``: whether one's own messages may be learned."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput

_DECISIONS = {"yes": True, "sim": True, "no": False, "não": False, "nao": False}


async def consent(context: Context) -> None:
    """Record whether the caller's own words may be learned here."""
    typed = context.message.arguments["decision"].strip().lower()
    if typed not in _DECISIONS:
        raise BadInput("consent.unknown", given=typed)
    is_given = _DECISIONS[typed]
    await context.services.learning.said(context.message).consent(is_given=is_given)
    await context.reply(context.say("consent.given" if is_given else "consent.withheld"))


def register(registry: Registry) -> None:
    """Add ``/consent``."""
    registry.add(
        Command(
            name="consent",
            description={
                "en": "Whether I may learn what you say here, when a moderator wants me to",
                "pt": "Se posso aprender o que você diz aqui, quando a moderação quiser",
            },
            handler=consent,
            parameters=(Parameter("decision", {"en": "yes or no", "pt": "sim ou não"}),),
            quiet=True,
        )
    )
