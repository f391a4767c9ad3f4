"""Free channels: where a community lets AION answer without being addressed. Opted into by a moderator, per channel.

Kept in the space's settings; read once and then from memory, since every message of a server asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.services import ChannelMode
from core.storage.spaces import Spaces
from core.types import SpaceId

SETTING = "free_channels"
"""The space's setting: the conversations where AION listens, sorted."""


class Channels:
    """Which conversations of each space are free."""

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


def _free_in(settings: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(settings.get(SETTING, ()))
