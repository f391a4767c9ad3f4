"""The port between watched channels and the adapters that read them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from core.types import ChannelPlace, Platform, Watch
from core.types.exported_message import ExportedMessage


class ChannelReadings(Protocol):
    """The watched channels of every space, with what was read of each."""

    async def watching(self, platform: Platform) -> Sequence[Watch]:
        """Return the watched channels of a platform; ``Watch.target`` is the conversation. Cheap."""
        ...

    def news(self, platform: Platform) -> asyncio.Event:
        """Return an event that is set when a channel of the platform is watched anew."""
        ...

    async def places(self, watch: Watch) -> Mapping[str, ChannelPlace]:
        """Return how far each place of a watched channel was read, by id."""
        ...

    async def keep(
        self, watch: Watch, places: Sequence[ChannelPlace], messages: Sequence[ExportedMessage] = ()
    ) -> None:
        """Store how far places were read, with messages of the first of them; all of it, or after a crash nothing."""
        ...

    async def settle(self, watch: Watch) -> int:
        """Propose what was read and teaches; return how many proposals are new. Raises ``UserError``."""
        ...

    async def fail(self, watch: Watch, key: str, **values: object) -> None:
        """Record that a channel cannot be read, and tell the moderators by the sentence ``key``."""
        ...
