"""What people said on Discord, as something to learn: one message, the pinned ones, or a solved thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import discord

from core.errors import BadInput, Unavailable
from core.types import Nearby, Person, PostedMessage

N_MESSAGES = 100
"""Of a thread, from its first message on; more is no answer but a conversation."""

N_PINS = 50

_SOLVED = ("solved", "resolved", "answered", "fixed", "resolvid", "solucionad", "respondid")
"""What the tag of a solved thread begins with, or its name, which may begin with a tick instead."""

_HELPED = ("✅", "☑️", "✔️", "👍", "⭐")


def post_of(message: discord.Message) -> PostedMessage:
    """Return what a message says."""
    author = Person(f"discord:{message.author.id}", message.author.display_name)
    is_marked = any(str(reaction.emoji) in _HELPED for reaction in message.reactions)
    address = {"asker": str(message.author.id), "asked": str(message.id)}
    return PostedMessage(author, message.content, message.jump_url, is_marked, address)


def nearby(channel: Any) -> Callable[[Nearby], Awaitable[tuple[PostedMessage, ...]]]:
    """Return what fetches what else was said in a channel."""
    return partial(_fetch, channel)


async def _fetch(channel: Any, where: Nearby) -> tuple[PostedMessage, ...]:
    """Return the posts of people, oldest first.

    Raises ``BadInput`` in what is no solved thread, and ``Unavailable`` when Discord does not hand them out.
    """
    try:
        if where == "pins":
            found = [message async for message in channel.pins(limit=N_PINS)][::-1]
        else:
            found = [message async for message in _solved(channel).history(limit=N_MESSAGES, oldest_first=True)]
    except discord.HTTPException as error:
        raise Unavailable("teach.unreadable") from error
    return tuple(post_of(message) for message in found if message.content and not message.author.bot)


def _solved(channel: Any) -> discord.Thread:
    """Return the channel as a thread that is marked as solved. Raises ``BadInput`` when it is none."""
    if not isinstance(channel, discord.Thread):
        raise BadInput("teach.not_solved")
    names = [*(tag.name for tag in channel.applied_tags), channel.name.removeprefix("[")]
    if not any(name.lower().startswith(_SOLVED) for name in names) and not channel.name.startswith("✅"):
        raise BadInput("teach.not_solved")
    return channel
