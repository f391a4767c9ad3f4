"""The port between a streamed reply and a platform: what a ``ReplyPost`` sends, edits and deletes."""

from __future__ import annotations

import logging
import zlib
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, runtime_checkable

from bot.delivery.errors import DeliveryFailed
from bot.delivery.split import Measure
from core.markdown import Markdown
from core.types import Button, File, Menu

H = TypeVar("H")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RenderedItem:
    """One of the things a message lists: its rendered Markdown, and the buttons that decide on it."""

    text: str
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """One chat message of a reply: rendered Markdown of at most ``Capabilities.max_units``, or a ``file`` without text.

    With an ``answer_id`` it has 👍 and 👎, below them ``buttons``, above all a ``menu``. ``items`` have buttons of
    their own; their text is part of ``text``, unless it ``is_card``, which shows each item above its buttons. A
    ``private`` one is for the asker alone, a ``quiet`` one where that can be. One that ``refers`` shows which message
    it replies to, as the first one always does. A ``cosmetic`` one is partial text: a busy platform may refuse it
    (``NotDelivered``).
    """

    text: str
    answer_id: int | None = None
    private: bool = False
    buttons: tuple[Button, ...] = ()
    file: File | None = None
    quiet: bool = False
    menu: Menu | None = None
    refers: bool = False
    items: tuple[RenderedItem, ...] = ()
    is_card: bool = False
    cosmetic: bool = field(default=False, compare=False)

    @property
    def mark(self) -> str:
        """Return the CRC-32 of what it shows, as 8 hexadecimal digits."""
        under = (self.buttons, self.menu) if self.menu else self.buttons
        listed = (self.items,) if self.items else ()
        shown = repr((self.text, self.answer_id, self.private, under, *listed)).encode()
        return f"{zlib.crc32(self.file.data if self.file else shown):08x}"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The limits of a chat: ``max_units`` of ``measure`` a message, edits at least ``edit_interval_s`` seconds apart.

    The typing sign, which fades by itself, is sent every ``typing_interval_s`` seconds. Where a reply may take only
    ``max_messages``, longer text is cut, and partial text is journalled before it is sent, since it takes up one.
    """

    max_units: int
    measure: Measure
    edit_interval_s: float
    typing_interval_s: float
    max_messages: int | None = None


@runtime_checkable
class PreviewPost(Protocol):
    """A post that can show partial text without sending a message."""

    async def preview(self, text: str) -> bool:
        """Show ``text`` in place of the last preview; return ``False`` where this chat has no previews.

        Raises ``NotDelivered`` where it was not shown this time.
        """
        ...


@runtime_checkable
class CardPost(Protocol):
    """A post that can show each item of a list above its own buttons."""

    def fits_card(self, rendered: RenderedMessage) -> bool:
        """Return whether a card with these ``items`` is within the platform's limits."""
        ...


@runtime_checkable
class ReactingPost(Protocol):
    """A post that can put an emoji on the message it replies to."""

    async def react(self, emoji: str) -> None:
        """Put an emoji, or the nearest one that the platform has, on the message; once, however often it is called."""
        ...


class ReplyPost(Protocol[H]):
    """Where one reply goes on one platform. ``H`` is the handle by which a sent message is edited and deleted.

    Every method raises ``DeliveryFailed`` or nothing. Edits and deletions are idempotent.
    """

    @property
    def capabilities(self) -> Capabilities:
        """Return the limits of this chat."""
        ...

    def render(self, markdown: Markdown) -> str:
        """Return Markdown in the form that is split into messages."""
        ...

    async def typing(self) -> None:
        """Show the typing sign."""
        ...

    async def admit(self, rendered: RenderedMessage) -> None:
        """Wait until the rate limits allow ``rendered``. Raises ``NotDelivered`` while they refuse it."""
        ...

    def in_flight(self) -> AbstractAsyncContextManager[object]:
        """Return what is held while sending: a bound on the sends of which a crash loses the result."""
        ...

    async def send(self, rendered: RenderedMessage, index: int) -> H:
        """Send a new message that was admitted; ``index``, from 0, numbers the messages sent for this reply.

        A repeated ``index`` is the same message tried again, perhaps with newer text. Raises ``NotDelivered`` only
        where sending again cannot duplicate it.
        """
        ...

    async def edit(self, handle: H, rendered: RenderedMessage) -> None:
        """Change a sent message. Raises ``MessageGone`` when it was deleted."""
        ...

    async def delete(self, handle: H) -> None:
        """Remove a sent message."""
        ...

    def serialize(self, handle: H) -> str:
        """Return the handle as text, which ``restore`` reads in any process."""
        ...

    def restore(self, text: str) -> H:
        """Return the handle that ``serialize`` wrote; its message may be deleted by now."""
        ...

    def can_resend(self, index: int) -> bool:
        """Return whether ``index``, which an earlier process may have sent, can be sent without duplicating it."""
        ...


async def react(post: object, emoji: str) -> None:
    """Put an emoji on the message that ``post`` replies to, where there is one and the platform lets it."""
    if emoji and isinstance(post, ReactingPost):
        try:
            await post.react(emoji)
        except DeliveryFailed as error:
            log.info("no reaction was put on a message: %r", error)
