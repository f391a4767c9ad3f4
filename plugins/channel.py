"""``/channel``: when AION answers in a channel, and which channel moderators are notified in."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput
from core.services import ChannelMode

_MODES: dict[str, ChannelMode] = {"free": "free", "mention": "mention"}


async def channel(context: Context) -> None:
    """Set or, without an argument, show when AION answers here."""
    typed = context.message.arguments.get("mode", "").strip().lower().removeprefix("mode:").strip()
    if typed == "moderators":
        await context.services.conversation.gather_moderators()
        await context.note("set", "moderators", context.message.conversation)
        return await context.reply(context.say("channel.moderators"))
    if typed:
        mode = _MODES.get(typed)
        if mode is None:
            raise BadInput("channel.unknown", mode=typed)
        await context.services.conversation.set_mode(mode)
        await context.note("set", "channel", f"{context.message.conversation} {mode}")
    mode = await context.services.conversation.mode()
    await context.reply(context.say(f"channel.{mode}"))


def register(registry: Registry) -> None:
    """Add ``/channel``."""
    registry.add(
        Command(
            name="channel",
            description={
                "en": "What this channel is for: when I answer here, or where moderators meet",
                "pt": "Para que serve este canal: quando respondo, ou onde moderam",
            },
            handler=channel,
            parameters=(
                Parameter(
                    "mode",
                    {
                        "en": "free: unasked too, when sure; mention: only when addressed; moderators: I report here",
                        "pt": "free: também sem ser chamado; mention: só quando me chamam; moderators: aviso aqui",
                    },
                    required=False,
                    choices=("free", "mention", "moderators"),
                ),
            ),
            permission="moderator",
        )
    )
