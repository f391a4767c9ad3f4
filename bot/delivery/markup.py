"""Turns a reply into Markdown: the text, then its sources."""

from __future__ import annotations

from bot.delivery.fence import close_fence
from core.chat.source_markdown import source_list
from core.types import Reply


def markdown_of(reply: Reply) -> str:
    """Return a reply's text and, below it, its sources as ``📖 document › heading``, one a line.

    A code block that the text leaves open is closed where sources follow.
    """
    footer = source_list(reply.sources, reply.text)
    return f"{close_fence(reply.text)}\n\n{footer}" if footer else reply.text
