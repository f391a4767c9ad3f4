"""Roles of channels: free channels, where AION answers unaddressed questions too, and the moderators' channel.

A moderator sets them channel by channel. They are settings of the space (``core.services.setting_schema``), which are
looked up for every message of a server.
"""

from __future__ import annotations

from core.services import ChannelMode
from core.services.setting_schema import FREE_CHANNELS, MODERATORS
from core.storage.spaces import Spaces
from core.types import SpaceId


class Channels:
    """The free channels and the moderators' channel of each space."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces

    async def mode(self, space: SpaceId, conversation: str) -> ChannelMode:
        """Return whether AION answers unaddressed questions in a conversation (``free``) or not (``mention``)."""
        return "free" if conversation in await self._spaces.value(space, FREE_CHANNELS) else "mention"

    async def set_mode(self, space: SpaceId, conversation: str, mode: ChannelMode) -> None:
        """Store a conversation's mode."""

        def change(free: tuple[str, ...]) -> tuple[str, ...]:
            others = {each for each in free if each != conversation}
            return tuple(sorted({*others, conversation} if mode == "free" else others))

        await self._spaces.change_value(space, FREE_CHANNELS, change)

    async def moderators(self, space: SpaceId) -> str | None:
        """Return the conversation where a space's moderators are told what waits for them, if there is one."""
        return await self._spaces.value(space, MODERATORS)

    async def moderated(self, platform: str) -> tuple[SpaceId, ...]:
        """Return the spaces of a platform that have a moderators' channel."""
        channels = await self._spaces.values(MODERATORS)
        return tuple(space for space, channel in channels.items() if channel and space.split(":")[0] == platform)

    async def move(self, space: SpaceId, new: SpaceId) -> None:
        """Give a space another id, with everything that is its own."""
        await self._spaces.move(space, new)

    async def gather_moderators(self, space: SpaceId, conversation: str) -> None:
        """Store the conversation where a space's moderators are told what waits for them."""
        await self._spaces.set_value(space, MODERATORS, conversation)
