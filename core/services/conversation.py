"""The channel, thread or chat a command was called in."""

from __future__ import annotations

from typing import Literal, Protocol

ChannelMode = Literal["free", "mention"]
"""When AION speaks in a channel: ``free``: also unasked, when it is sure; ``mention``: only when addressed."""


class ConversationPort(Protocol):
    """The channel, thread or chat of the message. Bound to it and to the sender."""

    async def start_afresh(self) -> None:
        """Forget what the caller said here, so that the next question follows nothing."""
        ...

    async def mode(self) -> ChannelMode:
        """Return when AION answers here."""
        ...

    async def set_mode(self, mode: ChannelMode) -> None:
        """Set when AION answers here."""
        ...

    async def gather_moderators(self) -> None:
        """Make this the channel that moderators are notified in: proposals, handoffs, alerts."""
        ...
