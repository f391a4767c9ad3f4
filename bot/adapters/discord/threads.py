"""Threads on answers, in which AION is addressed without a mention."""

from __future__ import annotations

import logging
import textwrap

import aiohttp
import discord

from bot.platform_errors import UNREADABLE

log = logging.getLogger(__name__)

_THREAD_EXISTS = 160004
_MAX_NAME_CHARS = 100


async def open_thread(answer: discord.Message | None) -> str:
    """Open a thread on ``answer``, named after its question; return the catalogue key of the outcome."""
    if answer is None:
        return "discord.no_thread"
    question = answer.reference.resolved if answer.reference else None
    named_after = question.clean_content if isinstance(question, discord.Message) else answer.clean_content
    name = textwrap.shorten(named_after.lstrip("@"), _MAX_NAME_CHARS, placeholder="…") or "AION"
    try:
        await answer.create_thread(name=name)
    except discord.HTTPException as error:
        if error.code != _THREAD_EXISTS:
            log.warning("Discord: no thread on message %s: %s", answer.id, error)
            return "discord.no_thread"
    except (aiohttp.ClientError, OSError, *UNREADABLE) as error:
        log.warning("Discord: a thread on message %s: %r", answer.id, error)
        return "discord.no_thread"
    return "discord.thread"


def thread_link(answer: discord.Message | None) -> str:
    """Return a link to the thread on a message, whose id is the message's own."""
    return f"<#{answer.id}>" if answer else ""
