"""Watched channels: what is said there is read from its beginning, and what it teaches proposed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from core.types import ChannelProgress, Watch


class ChannelsPort(Protocol):
    """The watched channels of a space. Bound to the space, the place and the person of the message."""

    async def watch(self, conversation: str) -> Watch:
        """Watch a channel, forum, thread or group, and say so there, with buttons to agree or to refuse.

        Raises ``BadInput`` when too much is watched.
        """
        ...

    async def progress(self) -> Mapping[int, ChannelProgress]:
        """Return how far the watched channels here were read, by the number of their watch."""
        ...
