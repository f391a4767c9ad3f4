"""Turns a reply into the Markdown a person reads: the text, then its numbered sources."""

from __future__ import annotations

from bot.delivery.fence import close_fence
from core.chat.source_markdown import escape, listed, place
from core.types import Reply

__all__ = ["discord_markdown", "escape", "place", "sources_footer"]


def sources_footer(reply: Reply) -> str:
    """Return the numbered list of sources, one ``document › heading`` a line, or nothing when there are none."""
    return listed(reply.sources, reply.language)


def discord_markdown(reply: Reply) -> str:
    """Return a reply in Discord's Markdown: its text with every code block closed, then its sources."""
    footer = sources_footer(reply)
    return f"{close_fence(reply.text)}\n\n{footer}" if footer else reply.text
