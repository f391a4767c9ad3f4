"""Which messages a reply is shown as: one card, or its text split into parts."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

from bot.delivery.markup import markdown_of
from bot.delivery.post import Capabilities, CardPost, RenderedItem, RenderedMessage, ReplyPost
from bot.delivery.split import split
from core.types import Reply

H = TypeVar("H")

_NOTHING = "…"
"""Sent for a reply without text, since silence looks like a fault."""

_CUT = "\n…"
"""Ends a text that was cut."""


def parts_of(reply: Reply, post: ReplyPost[H]) -> list[RenderedMessage]:
    """Return the messages that ``post`` shows for a reply; none for a reaction alone."""
    if reply.reaction and not reply.text:
        return []
    if (card := _card_of(reply, post)) is not None:
        return [card]
    texts = _texts(post.render(markdown_of(reply)), post.capabilities) or [_NOTHING]
    rendered = partial(RenderedMessage, private=reply.private, quiet=reply.quiet)
    last = rendered(texts[-1], reply.answer_id, buttons=reply.buttons, menu=reply.menu, items=_items(reply, post))
    parts = [*map(rendered, texts[:-1]), last, *(rendered("", file=file) for file in reply.files)]
    return parts[: post.capabilities.max_messages]


def _texts(text: str, capabilities: Capabilities) -> list[str]:
    """Return a text in parts, cut where they would be more than ``max_messages``."""
    texts = split(text, capabilities.max_units, capabilities.measure)
    n_most = capabilities.max_messages
    if n_most is None or len(texts) <= n_most:
        return texts
    shorter = split(text, capabilities.max_units - capabilities.measure(_CUT), capabilities.measure)[:n_most]
    return [*shorter[:-1], shorter[-1] + _CUT]


def _card_of(reply: Reply, post: ReplyPost[H]) -> RenderedMessage | None:
    """Return a reply that lists items as a card; ``None`` where the platform has none, or it is too long for one."""
    if not reply.items or not isinstance(post, CardPost):
        return None
    card = RenderedMessage(
        post.render(reply.text),
        private=reply.private,
        buttons=reply.buttons,
        quiet=reply.quiet,
        menu=reply.menu,
        items=_items(reply, post),
        is_card=True,
    )
    return card if post.fits_card(card) else None


def _items(reply: Reply, post: ReplyPost[H]) -> tuple[RenderedItem, ...]:
    return tuple(RenderedItem(post.render(item.text), item.buttons) for item in reply.items)
