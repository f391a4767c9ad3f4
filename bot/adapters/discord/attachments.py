"""Files that came with a Discord message, downloaded when they are read."""

from __future__ import annotations

import logging

import aiohttp
import discord

from bot.platform_errors import UNREADABLE
from core.control_characters import without_controls
from core.errors import Unavailable
from core.types import Attachment

log = logging.getLogger(__name__)


def attachment_of(attachment: discord.Attachment) -> Attachment:
    """Return a file of a message, with the length of a voice message.

    Reading it raises ``Unavailable`` when Discord does not hand it out.
    """

    async def read() -> bytes:
        try:
            return await attachment.read()
        except (discord.DiscordException, aiohttp.ClientError, OSError, *UNREADABLE) as error:
            log.warning("attachment %s could not be read: %r", attachment.id, error)
            raise Unavailable("discord.attachment", name=attachment.filename) from error

    return Attachment(without_controls(attachment.filename), attachment.size, read, attachment.duration)
