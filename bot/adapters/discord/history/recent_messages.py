"""What was said in a channel lately, read once for whoever asks for a summary of it."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from typing import Any

import aiohttp
import discord

from bot.adapters.discord.translate import exported_message_of, is_heard
from bot.platform_errors import UNREADABLE
from core.errors import Unavailable
from core.types import ExportedMessage, HistoryReader

log = logging.getLogger(__name__)


def recent_messages(channel: Any) -> HistoryReader:
    """Return a function that fetches what people said in a channel."""
    return partial(_read, channel)


async def _read(channel: Any, since: datetime, limit: int) -> tuple[ExportedMessage, ...]:
    """Return the last ``limit`` messages of people since a moment, oldest first; 100 of them a request.

    Raises ``Unavailable`` when Discord refuses to return them.
    """
    try:
        found = [message async for message in channel.history(limit=limit, after=since, oldest_first=False)]
        return tuple(exported_message_of(message) for message in reversed(found) if is_heard(message))
    except (discord.DiscordException, aiohttp.ClientError, OSError, *UNREADABLE) as error:
        log.warning("Discord: messages could not be read: %r", error)
        raise Unavailable("summary.unreadable") from error
