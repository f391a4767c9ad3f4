"""Roles of channels: free channels, where AION answers unaddressed questions too, and the moderators' channel.

A moderator sets them channel by channel. They are stored in the space's settings; the free channels are cached, since
they are looked up for every message of a server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.services import ChannelMode
from core.storage.spaces import Spaces
from core.types import SpaceId

SETTING = "free_channels"
"""Key of the space's settings: the free conversations, sorted."""

MODERATORS = "moderators_channel"
"""Key of the space's settings: the conversation that moderators are notified in."""


class Channels:
    """The free channels and the moderators' channel of each space."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces
        self._free: dict[SpaceId, frozenset[str]] = {}

    async def mode(self, space: SpaceId, conversation: str) -> ChannelMode:
        """Return whether AION answers unaddressed questions in a conversation (``free``) or not (``mention``)."""
        free = self._free.get(space)
        if free is None:
            known = await self._spaces.get(space)
            free = self._free.setdefault(space, _free_in(known.settings) if known else frozenset())
        return "free" if conversation in free else "mention"

    async def set_mode(self, space: SpaceId, conversation: str, mode: ChannelMode) -> None:
        """Store a conversation's mode."""

        def change(settings: Mapping[str, Any]) -> Mapping[str, Any]:
            others = _free_in(settings) - {conversation}
            free = others | {conversation} if mode == "free" else others
            return {**settings, SETTING: sorted(free)}

        self._free[space] = _free_in(await self._spaces.change_settings(space, change))

    async def moderators(self, space: SpaceId) -> str | None:
        """Return the conversation where a space's moderators are told what waits for them, if there is one."""
        known = await self._spaces.get(space)
        return known.settings.get(MODERATORS) if known else None

    async def moderated(self, platform: str) -> tuple[SpaceId, ...]:
        """Return the spaces of a platform that have a moderators' channel."""
        return tuple(
            space.id
            for space in await self._spaces.all()
            if space.platform == platform and MODERATORS in space.settings
        )

    async def move(self, space: SpaceId, new: SpaceId) -> None:
        """Give a space another id, with everything that is its own."""
        await self._spaces.move(space, new)
        self._free.pop(space, None)
        self._free.pop(new, None)

    async def gather_moderators(self, space: SpaceId, conversation: str) -> None:
        """Store the conversation where a space's moderators are told what waits for them."""
        await self._spaces.change_settings(space, lambda settings: {**settings, MODERATORS: conversation})


def _free_in(settings: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(settings.get(SETTING, ()))
