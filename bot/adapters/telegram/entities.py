"""Converts Markdown into plain text with message entities, which unlike Telegram's own markup cannot be malformed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

from telegram import LinkPreviewOptions, MessageEntity
from telegram.error import BadRequest
from telegramify_markdown import RenderConfig, convert

from bot.adapters.telegram.errors import meaning
from bot.delivery.errors import Undeliverable
from bot.delivery.split import utf16_units
from core.markdown import plain_text

T = TypeVar("T")
Entities = Sequence[MessageEntity]

MAX_UNITS = 4096
"""The most UTF-16 code units of one message."""

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
"""No message shows a preview of what it links to."""

_OPENABLE = ("http://", "https://", "tg://", "mailto:")
_MENTION = re.compile(r"(?<![\w@])@[A-Za-z]\w{3,31}")


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
    """Return the text of ``markdown`` and its entities; where converting loses letters of it, its plain text.

    A ``@name`` is an entity of code, since Telegram itself would make it a mention, which notifies. The library drops
    what looks like HTML, surplus table cells and link definitions, and widens tables.
    """
    text, found = convert(markdown, latex_escape=False, config=_CONFIG)
    links = [entity.url or entity.language or "" for entity in found]
    if utf16_units(text) > MAX_UNITS or _alphanumerics(markdown) - _alphanumerics("".join([text, *links])):
        text, found = plain_text(markdown), []
    entities = [
        MessageEntity(entity.type, entity.offset, entity.length, url=entity.url, language=entity.language)
        for entity in found
        if entity.type != "text_link" or (entity.url or "").startswith(_OPENABLE)
    ]
    return text, (*entities, *_mentions(text, entities))


async def plain_if_refused(markdown: str, show: Callable[[str, Entities], Awaitable[T]]) -> T:
    """Show Markdown as formatted text; as plain text when Telegram refuses its entities."""
    text, entities = formatted(markdown)
    try:
        return await show(text, entities)
    except BadRequest as refusal:
        if not entities or not isinstance(meaning(refusal), Undeliverable):
            raise
        return await show(plain_text(markdown), ())


def _mentions(text: str, entities: Sequence[MessageEntity]) -> Iterator[MessageEntity]:
    """Yield entities of code over the names in a text that Telegram would notify, but for those in code and links."""
    exempt = (MessageEntity.CODE, MessageEntity.PRE, MessageEntity.TEXT_LINK)
    taken = [(each.offset, each.offset + each.length) for each in entities if each.type in exempt]
    for mention in _MENTION.finditer(text):
        offset, length = utf16_units(text[: mention.start()]), utf16_units(mention[0])
        if not any(start <= offset < end for start, end in taken):
            yield MessageEntity(MessageEntity.CODE, offset, length)


def _alphanumerics(text: str) -> Counter[str]:
    """Count the letters and digits of a text."""
    return Counter(character for character in text if character.isalnum())
