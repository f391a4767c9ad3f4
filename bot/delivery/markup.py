"""Turns a reply into Markdown: the text, what it lists, then its sources."""

from __future__ import annotations

from core.chat.source_markdown import source_list
from core.markdown import Markdown, close_fence, plain_text
from core.types import Reply


def markdown_of(reply: Reply) -> Markdown:
    """Return a reply's text, its items and, below them, its sources as ``📖 document › heading``, one a line.

    A code block that the text leaves open is closed where something follows.
    """
    footer = source_list(reply.sources, plain_text(reply.text))
    below = [*(item.text for item in reply.items), *([footer] if footer else [])]
    return Markdown("\n\n").join([Markdown(close_fence(reply.text)), *below]) if below else reply.text
