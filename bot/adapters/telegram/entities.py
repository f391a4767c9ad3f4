"""Turns AION's Markdown into what Telegram shows: plain text with entities, which no parser can refuse."""

from __future__ import annotations

from collections import Counter

from telegram import MessageEntity
from telegramify_markdown import RenderConfig, convert

from bot.delivery.fence import close_fence
from bot.delivery.markup import sources_footer
from bot.delivery.split import utf16_units
from core.types import Reply

MAX_UNITS = 4096
"""What one message holds, in UTF-16 code units."""

_OPENABLE = ("http://", "https://", "tg://", "mailto:")


def _plain_symbols() -> RenderConfig:
    """Return a rendering without the library's emoji before headings, links and images."""
    config = RenderConfig.isolated()
    for level in range(1, 7):
        setattr(config.markdown_symbol, f"heading_level_{level}", "")
    config.markdown_symbol.image = config.markdown_symbol.link = ""
    config.markdown_symbol.unordered_list_item = "•"
    return config


_CONFIG = _plain_symbols()


def markdown_of(reply: Reply) -> str:
    """Return a reply's Markdown with its sources below."""
    footer = sources_footer(reply)
    return f"{close_fence(reply.text)}\n\n{footer}" if footer else reply.text


def formatted(markdown: str) -> tuple[str, tuple[MessageEntity, ...]]:
    """Return the text to show and its entities; the Markdown as written where converting would lose a letter of it.

    Converting drops what looks like HTML, surplus table cells and link definitions, and draws tables wider.
    """
    text, found = convert(markdown, latex_escape=False, config=_CONFIG)
    links = [entity.url or entity.language or "" for entity in found]
    if utf16_units(text) > MAX_UNITS or _signs(markdown) - _signs("".join([text, *links])):
        return markdown, ()
    return text, tuple(
        MessageEntity(entity.type, entity.offset, entity.length, url=entity.url, language=entity.language)
        for entity in found
        if entity.type != "text_link" or (entity.url or "").startswith(_OPENABLE)
    )


def _signs(text: str) -> Counter[str]:
    """Count the letters and digits of a text."""
    return Counter(character for character in text if character.isalnum())
