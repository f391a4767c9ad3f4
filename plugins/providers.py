"""``/providers``: state and remaining quotas of the providers and workers that may write answers."""

from __future__ import annotations

from core.commands import Command, Context, Registry
from core.markdown import Markdown
from core.services import ProviderStatus


async def show_providers(context: Context) -> None:
    """List every worker, and every provider that has a key: what is left of it, and until when it is not asked."""
    statuses = [status for status in await context.services.providers.status() if status.is_usable]
    lines = [line(context, status) for status in statuses]
    await context.reply(Markdown("\n").join(lines) if lines else context.say("providers.none"))


def line(context: Context, status: ProviderStatus) -> Markdown:
    """Return the line on one model. Its key and the provider's error texts are left out: they are for the operator."""
    left = [
        context.say(f"providers.left_{allowance.kind}", left=allowance.left, limit=allowance.limit)
        for allowance in status.allowances
        if allowance.period != "minute"
    ]
    state = [context.say(f"providers.state_{status.state}")]
    if status.until:
        state.append(context.say("providers.until", moment=f"{status.until:%Y-%m-%d %H:%M}"))
    trains = [] if status.trains == "no" else [context.say(f"providers.trains_{status.trains}")]
    dot = Markdown(" · ")
    names = dot.join(filter(None, (status.provider, status.model)))
    return Markdown(": ").join([names, dot.join([Markdown(" ").join(state), *left, *trains])])


def register(registry: Registry) -> None:
    """Add ``/providers``."""
    registry.add(
        Command(
            name="providers",
            description={"en": "What is left of the free APIs today", "pt": "O que resta das APIs gratuitas hoje"},
            handler=show_providers,
            permission="moderator",
            private=True,
        )
    )
