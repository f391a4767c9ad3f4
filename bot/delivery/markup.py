"""Turns a reply into Markdown: the text, then its sources."""

from __future__ import annotations

from core.chat.source_markdown import source_list
from core.markdown import Markdown, close_fence, plain_text
from core.types import Reply


def markdown_of(reply: Reply) -> Markdown:
    """Return a reply's text and, below it, its sources as ``📖 document › heading``, one a line.

    A code block that the text leaves open is closed where sources follow.
    """
    footer = source_list(reply.sources, plain_text(reply.text))
    return Markdown(f"{close_fence(reply.text)}\n\n{footer}") if footer else reply.text
