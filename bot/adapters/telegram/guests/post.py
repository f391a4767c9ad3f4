"""Where the answer to a guest's question appears: as one message, sent by its query and changed by its inline id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import TypeVar

from telegram import Bot, InlineQueryResultArticle, InputTextMessageContent
from telegram.error import RetryAfter, TelegramError

from bot.adapters.telegram.entities import MAX_UNITS, NO_PREVIEW, Entities, plain_if_refused
from bot.adapters.telegram.errors import Unchanged, delivery_error
from bot.adapters.telegram.rate_limits import TelegramRateLimits, ban_s
from bot.adapters.telegram.retries import reply_of
from bot.delivery.errors import DeliveryFailed, MessageGone, NotDelivered, PossiblyDelivered, Undeliverable
from bot.delivery.post import Capabilities, RenderedMessage
from bot.delivery.split import utf16_units
from core.markdown import Markdown

T = TypeVar("T")

_NEVER_S = 3600.0
"""Guests have no typing sign."""


class GuestPost:
    """Sends the one message that answers the guest query ``query_id``; it has neither buttons nor files."""

    def __init__(
        self, bot: Bot, rate_limits: TelegramRateLimits, chat_id: int, query_id: str, edit_interval_s: float
    ) -> None:
        self._bot = bot
        self._rate_limits = rate_limits
        self._chat_id = chat_id
        self._query_id = query_id
        self._edit_interval_s = edit_interval_s

    @property
    def capabilities(self) -> Capabilities:
        """Return the limits of a guest."""
        return Capabilities(MAX_UNITS, utf16_units, self._edit_interval_s, _NEVER_S, max_messages=1)

    def render(self, markdown: Markdown) -> str:
        """Return Markdown as it is; the message is converted when it is sent."""
        return markdown

    async def typing(self) -> None:
        """Do nothing: Telegram lets guests show no typing sign."""

    async def admit(self, rendered: RenderedMessage) -> None:
        """Wait until the budgets of the bot and of the chat allow the message."""
        if rendered.cosmetic:
            self._rate_limits.admit_cosmetic(self._chat_id)
        else:
            await self._rate_limits.admit(self._chat_id)

    def in_flight(self) -> AbstractAsyncContextManager[object]:
        """Return the semaphore that bounds the messages sent at a time."""
        return self._rate_limits.in_flight

    async def send(self, rendered: RenderedMessage, index: int) -> str:
        """Answer the query and return the inline id of the message. A lost response is ``PossiblyDelivered``."""
        if index > 0 or rendered.file is not None:
            raise Undeliverable("a guest's question takes one message of text")

        async def send(text: str, entities: Entities) -> str:
            shown = InputTextMessageContent(text, entities=entities, link_preview_options=NO_PREVIEW)
            article = InlineQueryResultArticle("answer", self._bot.first_name, shown)
            return (await self._bot.answer_guest_query(self._query_id, article)).inline_message_id

        return await self._call(lambda: plain_if_refused(rendered.text, send), PossiblyDelivered)

    async def edit(self, handle: str, rendered: RenderedMessage) -> None:
        """Change the message; one that was deleted stays so."""

        async def edit(text: str, entities: Entities) -> None:
            await self._bot.edit_message_text(
                text, inline_message_id=handle, entities=entities, link_preview_options=NO_PREVIEW
            )

        await self.admit(rendered)
        with suppress(Unchanged, MessageGone):
            await self._call(lambda: plain_if_refused(rendered.text, edit), NotDelivered)

    async def delete(self, handle: str) -> None:
        """Raise ``Undeliverable``: a guest cannot delete."""
        raise Undeliverable("a guest deletes no messages")

    def serialize(self, handle: str) -> str:
        """Return the inline id of the message."""
        return handle

    def restore(self, name: str) -> str:
        """Return the message that ``serialize`` wrote."""
        return name

    def can_resend(self, index: int) -> bool:
        """Return ``False``: Telegram does not say that a query answered twice shows one message."""
        return False

    async def _call(self, call: Callable[[], Awaitable[T]], unsure: Callable[[str], DeliveryFailed]) -> T:
        try:
            return await reply_of(call)
        except RetryAfter as flood:
            self._rate_limits.ban(self._chat_id, seconds := ban_s(flood))
            raise NotDelivered(f"flood ban of {seconds} s", retry_after_s=seconds) from flood
        except TelegramError as error:
            raise delivery_error(error, unsure) from error
