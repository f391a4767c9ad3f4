"""The channel, thread or chat a command was called in."""

from __future__ import annotations

from typing import Literal, Protocol

ChannelMode = Literal["free", "mention"]
"""When AION speaks in a channel: ``free``: also unasked, when it is sure; ``mention``: only when addressed."""


class ConversationPort(Protocol):
    """What commands may do with the channel, thread or chat they were called in."""

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
        """Send what moderators should see here from now on: what waits for them, and what went wrong."""
        ...
