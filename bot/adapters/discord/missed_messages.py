"""What was said on Discord while there was no session: fetched from the history of the channels where it matters.

Discord replays what a resumed session missed, and nothing to a new one. A channel matters once AION was addressed in
it or listened there; of those the last ``MAX_CHANNELS`` are looked through, as far as ``MAX_MESSAGES`` each go. What
was heard twice is recognised by the inbox. After a start these are the channels where somebody asked within a day, as
far back as ``WORTH_ANSWERING``; the last message heard there is not known, so what was said to nobody stays unheard.
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
from core.types import SpaceId

log = logging.getLogger(__name__)

MAX_CHANNELS = 200
MAX_MESSAGES = 100

WORTH_ANSWERING = timedelta(minutes=30)
"""How late a question is still answered that was asked while AION did not run."""


class MissedMessages:
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
            async for message in _said_since(last, last.channel):
                yield message


async def asked_before_start(
    client: discord.Client, places: Sequence[tuple[SpaceId, str]]
) -> AsyncIterator[discord.Message]:
    """Yield what AION was lately asked in these conversations, oldest first in each."""
    since = datetime.now(UTC) - WORTH_ANSWERING
    for space, conversation in places[:MAX_CHANNELS]:
        if not space.startswith(DIRECT) and client.get_channel(int(conversation)) is None:
            continue  # its messages would pass for direct ones
        async for message in _said_since(since, channel_at(client, {"channel": conversation})):
            if client.user is not None and is_addressed(client.user, message):
                yield message


async def _said_since(after: discord.Message | datetime, channel: Any) -> AsyncIterator[discord.Message]:
    try:
        async for message in channel.history(limit=MAX_MESSAGES, after=after, oldest_first=True):
            yield message
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("Discord: what was said in channel %s meanwhile is unknown: %s", channel.id, error)
