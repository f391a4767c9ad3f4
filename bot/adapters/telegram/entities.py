"""Converts Markdown into plain text with message entities, which unlike Telegram's own markup cannot be malformed."""

from __future__ import annotations

from collections import Counter

from telegram import MessageEntity
from telegramify_markdown import RenderConfig, convert

from bot.delivery.split import utf16_units

MAX_UNITS = 4096
"""The most UTF-16 code units of one message."""

_OPENABLE = ("http://", "https://", "tg://", "mailto:")


def _plain_symbols() -> RenderConfig:
    """Return the library's configuration without its emoji before headings, links and images."""
    config = RenderConfig.isolated()
    for level in range(1, 7):
        setattr(config.markdown_symbol, f"heading_level_{level}", "")
    config.markdown_symbol.image = config.markdown_symbol.link = ""
    config.markdown_symbol.unordered_list_item = "•"
    return config


_CONFIG = _plain_symbols()


def formatted(markdown: str) -> tuple[str, tuple[MessageEntity, ...]]:
    """Return the plain text of ``markdown`` and its entities; ``markdown`` itself where converting loses letters of it.

    The library drops what looks like HTML, surplus table cells and link definitions, and widens tables.
    """
    text, found = convert(markdown, latex_escape=False, config=_CONFIG)
    links = [entity.url or entity.language or "" for entity in found]
    if utf16_units(text) > MAX_UNITS or _alphanumerics(markdown) - _alphanumerics("".join([text, *links])):
        return markdown, ()
    return text, tuple(
        MessageEntity(entity.type, entity.offset, entity.length, url=entity.url, language=entity.language)
        for entity in found
        if entity.type != "text_link" or (entity.url or "").startswith(_OPENABLE)
    )


def _alphanumerics(text: str) -> Counter[str]:
    """Count the letters and digits of a text."""
    return Counter(character for character in text if character.isalnum())
