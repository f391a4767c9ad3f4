"""Messages that ``/teach`` learns from: one message, the pinned ones, or those of a solved thread."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import aiohttp
import discord

from bot.platform_errors import UNREADABLE
from core.control_characters import without_controls
from core.errors import BadInput, Unavailable
from core.types import Nearby, Person, PostedMessage

log = logging.getLogger(__name__)

N_MESSAGES = 100
"""The most messages of a thread that are read, from its first on."""

N_PINS = 50
"""The most pinned messages that are read."""

_SOLVED = ("solved", "resolved", "answered", "fixed", "resolvid", "solucionad", "respondid")
"""How a tag or the name of a solved thread begins, in lower case; the name may begin with ✅ instead."""

_HELPED = ("✅", "☑️", "✔️", "👍", "⭐")
"""Reactions that mark a message as helpful."""


def posted_message_of(message: discord.Message) -> PostedMessage:
    """Return a message as something to learn from."""
    author = Person(f"discord:{message.author.id}", without_controls(message.author.display_name))
    is_marked = any(str(reaction.emoji) in _HELPED for reaction in message.reactions)
    address = {"asker": str(message.author.id), "asked": str(message.id)}
    return PostedMessage(
        author, without_controls(message.content), message.jump_url, is_marked, address, f"discord:{message.id}"
    )


def nearby_messages(channel: Any) -> Callable[[Nearby], Awaitable[tuple[PostedMessage, ...]]]:
    """Return a function that fetches the pinned messages of a channel, or those of a solved thread."""
    return partial(_fetch, channel)


async def _fetch(channel: Any, where: Nearby) -> tuple[PostedMessage, ...]:
    """Return the messages of people, oldest first.

    Raises ``BadInput`` where a solved thread is asked for and the channel is none, ``Unavailable`` when Discord refuses
    to return the messages.
    """
    try:
        if where == "pins":
            found = [message async for message in channel.pins(limit=N_PINS)][::-1]
        else:
            found = [message async for message in _solved(channel).history(limit=N_MESSAGES, oldest_first=True)]
    except (discord.DiscordException, aiohttp.ClientError, OSError, *UNREADABLE) as error:
        log.warning("Discord: messages could not be read: %r", error)
        raise Unavailable("teach.unreadable") from error
    return tuple(posted_message_of(message) for message in found if message.content and not message.author.bot)


def _solved(channel: Any) -> discord.Thread:
    """Return ``channel``, a thread that is marked as solved. Raises ``BadInput`` when it is none."""
    if not isinstance(channel, discord.Thread):
        raise BadInput("teach.not_solved")
    names = [*(tag.name for tag in channel.applied_tags), channel.name.removeprefix("[")]
    if not any(name.lower().startswith(_SOLVED) for name in names) and not channel.name.startswith("✅"):
        raise BadInput("teach.not_solved")
    return channel
