"""``/channel``: when AION speaks in a channel, set by its moderators."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput
from core.services import ChannelMode

_MODES: dict[str, ChannelMode] = {"free": "free", "mention": "mention"}


async def channel(context: Context) -> None:
    """Set or, without an argument, show when AION answers here."""
    typed = context.message.arguments.get("mode", "").strip().lower().removeprefix("mode:").strip()
    if typed:
        mode = _MODES.get(typed)
        if mode is None:
            raise BadInput("channel.unknown", mode=typed)
        await context.conversation.set_mode(mode)
    mode = await context.conversation.mode()
    await context.reply(context.say(f"channel.{mode}"))


def register(registry: Registry) -> None:
    """Add ``/channel``."""
    registry.add(
        Command(
            name="channel",
            description={"en": "When I answer in this channel", "pt": "Quando respondo neste canal"},
            handler=channel,
            parameters=(
                Parameter(
                    "mode",
                    {
                        "en": "free: unasked too, when I am sure; mention: only when addressed",
                        "pt": "free: também sem ser chamado, se tiver certeza; mention: só quando me chamam",
                    },
                    required=False,
                ),
            ),
            permission="moderator",
        )
    )
