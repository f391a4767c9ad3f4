"""What was said on Discord while there was no session: fetched from the history of the channels where it matters.

Discord replays what a resumed session missed, and nothing to a new one. A channel matters once AION was addressed in
it or listened there; of those the last ``MAX_CHANNELS`` are looked through, as far as ``MAX_MESSAGES`` each go. What
was heard twice is recognised by the inbox. Does not cover what was said while no process ran.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncIterator

import aiohttp
import discord

log = logging.getLogger(__name__)

MAX_CHANNELS = 100
MAX_MESSAGES = 100


class Gap:
    """The last message heard in every channel that matters."""

    def __init__(self) -> None:
        self._last: OrderedDict[int, discord.Message] = OrderedDict()

    def heard(self, message: discord.Message) -> None:
        """Note a message, where its channel matters."""
        if message.channel.id in self._last:
            self._last[message.channel.id] = message

    def matters(self, message: discord.Message) -> None:
        """Note that the channel of ``message`` is one where AION has something to answer."""
        self._last.setdefault(message.channel.id, message)
        self._last.move_to_end(message.channel.id)
        if len(self._last) > MAX_CHANNELS:
            self._last.popitem(last=False)

    async def messages(self) -> AsyncIterator[discord.Message]:
        """Yield what has been said since in the channels that matter, oldest first in each."""
        for last in list(self._last.values()):
            try:
                async for message in last.channel.history(limit=MAX_MESSAGES, after=last, oldest_first=True):
                    yield message
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                log.warning("Discord: what was said in channel %s meanwhile is unknown: %s", last.channel.id, error)
