"""Messages sent while there was no gateway session, fetched from channel histories.

Discord replays events to a resumed session, and none to a new one. A channel is watched once AION was addressed in it
or listened there; of the last ``MAX_CHANNELS`` of those, at most ``MAX_MESSAGES`` each are fetched. A message received
twice is recognised by the inbox. After a start the channels where somebody asked within a day are fetched, as far back
as ``MAX_AGE``; the last message received there is not known, so only addressed messages count.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import discord

from bot.adapters.discord.address import DIRECT, channel_at
from bot.adapters.discord.translate import is_addressed
from bot.platform_errors import UNREADABLE
from core.types import SpaceId

log = logging.getLogger(__name__)

MAX_CHANNELS = 200
MAX_MESSAGES = 100

MAX_AGE = timedelta(minutes=30)
"""How old a question asked while AION did not run may be to be answered."""


class MissedMessages:
    """The last message received in every watched channel."""

    def __init__(self) -> None:
        self._last: OrderedDict[int, discord.Message] = OrderedDict()

    def note(self, message: discord.Message) -> None:
        """Note a received message, where its channel is watched."""
        if message.channel.id in self._last:
            self._last[message.channel.id] = message

    def watch(self, message: discord.Message) -> None:
        """Watch the channel of ``message``, in place of the one watched longest where there are too many."""
        self._last.setdefault(message.channel.id, message)
        self._last.move_to_end(message.channel.id)
        if len(self._last) > MAX_CHANNELS:
            self._last.popitem(last=False)

    async def messages(self) -> AsyncIterator[discord.Message]:
        """Yield the messages sent since in the watched channels, oldest first in each."""
        for last in list(self._last.values()):
            async for message in _history_since(last, last.channel):
                yield message


async def asked_before_start(
    client: discord.Client, places: Sequence[tuple[SpaceId, str]]
) -> AsyncIterator[discord.Message]:
    """Yield the messages addressed to AION within ``MAX_AGE`` in these conversations, oldest first in each."""
    since = datetime.now(UTC) - MAX_AGE
    for space, conversation in places[:MAX_CHANNELS]:
        if not space.startswith(DIRECT) and client.get_channel(int(conversation)) is None:
            continue  # its messages would pass for direct ones
        async for message in _history_since(since, channel_at(client, {"channel": conversation})):
            if client.user is not None and is_addressed(client.user, message):
                yield message


async def _history_since(after: discord.Message | datetime, channel: Any) -> AsyncIterator[discord.Message]:
    try:
        async for message in channel.history(limit=MAX_MESSAGES, after=after, oldest_first=True):
            yield message
    except (discord.DiscordException, aiohttp.ClientError, OSError, *UNREADABLE) as error:
        log.warning("Discord: the history of channel %s could not be read: %r", channel.id, error)
