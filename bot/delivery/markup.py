"""Turns a reply into the Markdown a person reads: the text, then its numbered sources."""

from __future__ import annotations

import re

from bot.delivery.fence import close_fence
from core.texts import say
from core.types import Reply, Source

_SPECIAL = re.compile(r"([\\`*_~|\[\]<])")
_ADDRESS = re.compile(r"https?://[^\s<>]+")


def escape(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is."""
    return _SPECIAL.sub(r"\\\1", text)


def sources_footer(reply: Reply) -> str:
    """Return the numbered list of sources, one ``document › heading`` a line, or nothing when there are none."""
    if not reply.sources:
        return ""
    title = say(reply.language, "sources.title")
    return "\n".join([f"**{title}**", *(f"[{source.n}] {_where(source)}" for source in reply.sources)])


def place(source: Source) -> tuple[str, ...]:
    """Return where a source is: the document, then the headings below it, outermost first.

    A document is mostly called by its first heading, which need not be said twice.
    """
    path = source.heading.split(" > ") if source.heading else []
    return (source.document, *(path[1:] if path[:1] == [source.document] else path))


def _where(source: Source) -> str:
    # An address in angle brackets is a link without the preview that a bare one unfolds into.
    document, *headings = place(source)
    shown = f"<{document}>" if _ADDRESS.fullmatch(document) else escape(document)
    return " › ".join([shown, *map(escape, headings)])


def discord_markdown(reply: Reply) -> str:
    """Return a reply in Discord's Markdown: its text with every code block closed, then its sources."""
    footer = sources_footer(reply)
    return f"{close_fence(reply.text)}\n\n{footer}" if footer else reply.text
