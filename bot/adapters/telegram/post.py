"""Where a reply appears on Telegram: as messages with entities in a chat, or in the asker's private chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from typing import TypeVar

from telegram import Bot, ReplyParameters
from telegram.constants import ChatAction
from telegram.error import ChatMigrated, RetryAfter, TelegramError

from bot.adapters.telegram.address import START_PRIVATE, Asker, TelegramPlace, space_of
from bot.adapters.telegram.buttons import keyboard_of
from bot.adapters.telegram.entities import MAX_UNITS, NO_PREVIEW, Entities, formatted, plain_if_refused
from bot.adapters.telegram.ephemeral import EphemeralMessages, delete_ephemeral, edit_ephemeral
from bot.adapters.telegram.errors import ChatClosed, Unchanged, delivery_error
from bot.adapters.telegram.rate_limits import TelegramRateLimits, ban_s
from bot.adapters.telegram.reactions import ShownAnswers
from bot.adapters.telegram.retries import reply_of
from bot.adapters.telegram.sent_message import SentMessage
from bot.delivery.errors import (
    DeliveryFailed,
    MessageGone,
    NoPrivatePlace,
    NotDelivered,
    PossiblyDelivered,
    Undeliverable,
)
from bot.delivery.post import Capabilities, RenderedMessage
from bot.delivery.split import utf16_units
from core.errors import PrivateChatClosed
from core.markdown import Markdown
from core.types import File

T = TypeVar("T")

TYPING_INTERVAL_S = 4.5
"""Telegram shows the typing sign for five seconds."""

_REACTIONS = {"🎓": "✍"}
"""Bots may react with some emoji alone (https://core.telegram.org/bots/api#reactiontypeemoji); 🎓 is none of them."""


class TelegramPost:
    """Sends one reply to one place.

    A private or quiet reply in a group goes to the asker's private chat with the bot; a quiet one to a press stays in
    the group, where only whoever pressed sees it, while Telegram allows that. Where that chat was never started, a
    quiet one goes to the group and a private one raises ``NoPrivatePlace``.
    """

    def __init__(
        self,
        bot: Bot,
        rate_limits: TelegramRateLimits,
        shown: ShownAnswers,
        place: TelegramPlace,
        asker: Asker,
        edit_interval_s: float,
    ) -> None:
        self._bot = bot
        self._rate_limits = rate_limits
        self._chat_id = place.chat_id
        self._topic_id = place.topic_id
        self._asker_message_id = None if place.is_private else asker.message_id
        self._is_shared = not place.is_private
        self._private_chat_id = user_id = None if place.is_private else asker.private_chat_id
        self._ephemeral = (
            EphemeralMessages(bot, place.chat_id, place.topic_id, asker.press_id, user_id)
            if asker.press_id is not None and user_id is not None
            else None
        )
        self._edit_interval_s = edit_interval_s
        self._shown = shown
        self._has_drafts = place.is_private and asker.message_id is not None
        self._draft_id = asker.message_id or 0

    @property
    def capabilities(self) -> Capabilities:
        """Return the limits of this chat."""
        return Capabilities(MAX_UNITS, utf16_units, self._edit_interval_s, TYPING_INTERVAL_S)

    def render(self, markdown: Markdown) -> str:
        """Return Markdown as it is; each message is converted when it is sent."""
        return markdown

    async def typing(self) -> None:
        """Show the typing sign. Raises ``NotDelivered`` where the budget is kept for final texts."""
        self._rate_limits.admit_cosmetic(self._chat_id)
        await self._call(
            self._chat_id,
            lambda: self._bot.send_chat_action(self._chat_id, ChatAction.TYPING, message_thread_id=self._topic_id),
            NotDelivered,
        )

    async def preview(self, text: str) -> bool:
        """Show the text so far as a draft, which only a private chat has and only until the message itself comes."""
        if not self._has_drafts:
            return False
        shown, entities = formatted(text)
        self._rate_limits.admit_cosmetic(self._chat_id)
        try:
            await self._call(
                self._chat_id,
                lambda: self._bot.send_message_draft(
                    self._chat_id, self._draft_id, shown, message_thread_id=self._topic_id, entities=entities
                ),
                NotDelivered,
            )
        except (Undeliverable, MessageGone):
            self._has_drafts = False
        return self._has_drafts

    async def admit(self, rendered: RenderedMessage) -> None:
        """Wait until the budgets of the bot and of the chat allow a message."""
        await self._admit(self._private_chat_of(rendered) or self._chat_id, rendered)

    def in_flight(self) -> AbstractAsyncContextManager[object]:
        """Return the semaphore that bounds the messages sent at a time."""
        return self._rate_limits.in_flight

    async def send(self, rendered: RenderedMessage, index: int) -> SentMessage:
        """Send a new message, in a group the first one as a reply. A lost response is ``PossiblyDelivered``."""
        if self._is_ephemeral(rendered):
            if (sent := await self._send_ephemeral(rendered)) is not None:
                return sent
            await self.admit(rendered)
        if (private_chat_id := self._private_chat_of(rendered)) is not None:
            try:
                return await self._send(rendered, private_chat_id, None, None)
            except ChatClosed as error:
                if rendered.private:
                    raise self._no_private_place() from error
            self._private_chat_id = None
            await self.admit(rendered)
        elif rendered.private and self._is_shared:
            raise self._no_private_place()
        asked = self._asker_message_id if index == 0 or rendered.refers else None
        return await self._send(rendered, self._chat_id, self._topic_id, asked)

    async def react(self, emoji: str) -> None:
        """Put an emoji on the message that is replied to; of those that bots may use, the nearest."""
        if self._asker_message_id is not None:
            message_id = self._asker_message_id
            await self._call(
                self._chat_id,
                lambda: self._bot.set_message_reaction(self._chat_id, message_id, _REACTIONS.get(emoji, emoji)),
                NotDelivered,
            )

    async def edit(self, handle: SentMessage, rendered: RenderedMessage) -> None:
        """Edit a sent message. Raises ``MessageGone`` when it was deleted, or must become private or a file."""
        is_for_one = self._is_ephemeral(rendered) or (rendered.private and self._is_shared)
        is_elsewhere = is_for_one or self._private_chat_of(rendered) is not None
        if is_elsewhere and handle.chat_id == self._chat_id and handle.seen_by is None:
            with suppress(Undeliverable):
                await self.delete(handle)
            raise MessageGone("a private reply leaves the group")
        buttons = keyboard_of(rendered)

        if rendered.file is not None:
            with suppress(Undeliverable):
                await self.delete(handle)
            raise MessageGone("a text does not become a picture")

        async def edit(text: str, entities: Entities) -> None:
            if handle.seen_by is not None:
                return await edit_ephemeral(self._bot, handle, text, entities, buttons)
            await self._bot.edit_message_text(
                text,
                handle.chat_id,
                handle.message_id,
                entities=entities,
                link_preview_options=NO_PREVIEW,
                reply_markup=buttons,
            )

        await self._admit(handle.chat_id, rendered)
        with suppress(Unchanged):
            await self._call(handle.chat_id, lambda: plain_if_refused(rendered.text, edit), NotDelivered)
        self._note(handle, rendered)

    async def delete(self, handle: SentMessage) -> None:
        """Delete a sent message."""
        await self._rate_limits.admit(handle.chat_id)

        async def delete() -> None:
            if handle.seen_by is not None:
                await delete_ephemeral(self._bot, handle)
            else:
                await self._bot.delete_message(handle.chat_id, handle.message_id)

        with suppress(MessageGone):
            await self._call(handle.chat_id, delete, NotDelivered)

    def serialize(self, handle: SentMessage) -> str:
        """Return where a sent message is, as text."""
        return str(handle)

    def restore(self, name: str) -> SentMessage:
        """Return the message that ``serialize`` wrote."""
        return SentMessage.parse(name)

    def can_resend(self, index: int) -> bool:
        """Return ``False``: Telegram has no idempotency key for messages."""
        return False

    async def _send(
        self, rendered: RenderedMessage, chat_id: int, topic_id: int | None, reply_to: int | None
    ) -> SentMessage:
        buttons = keyboard_of(rendered)
        reply = ReplyParameters(reply_to, allow_sending_without_reply=True) if reply_to is not None else None
        if rendered.file is not None:
            return await self._send_file(rendered.file, chat_id, topic_id)

        async def send(text: str, entities: Entities) -> SentMessage:
            message = await self._bot.send_message(
                chat_id,
                text,
                entities=entities,
                message_thread_id=topic_id,
                link_preview_options=NO_PREVIEW,
                reply_parameters=reply,
                reply_markup=buttons,
            )
            return SentMessage(message.chat_id, message.message_id)

        sent = await self._call(chat_id, lambda: plain_if_refused(rendered.text, send), PossiblyDelivered)
        self._note(sent, rendered)
        return sent

    async def _send_ephemeral(self, rendered: RenderedMessage) -> SentMessage | None:
        """Send a message that only whoever pressed sees; ``None`` where Telegram refuses that, from then on."""
        ephemeral, self._ephemeral = self._ephemeral, None
        buttons = keyboard_of(rendered)
        if ephemeral is None:
            return None
        show = partial(ephemeral.send, buttons=buttons)
        try:
            sent = await self._call(self._chat_id, lambda: plain_if_refused(rendered.text, show), PossiblyDelivered)
        except (Undeliverable, MessageGone):
            return None
        self._ephemeral = ephemeral if sent is not None else None
        return sent

    def _is_ephemeral(self, rendered: RenderedMessage) -> bool:
        return self._ephemeral is not None and rendered.quiet and not rendered.private and rendered.file is None

    def _private_chat_of(self, rendered: RenderedMessage) -> int | None:
        """Return the private chat that a message goes to instead; ``None`` where it goes to the post's own place."""
        if self._is_ephemeral(rendered):
            return None
        return self._private_chat_id if rendered.private or rendered.quiet else None

    def _no_private_place(self) -> NoPrivatePlace:
        if self._private_chat_id is None:
            return NoPrivatePlace(PrivateChatClosed("", "private.nobody"))
        link = f"{self._bot.link}?start={START_PRIVATE}"
        return NoPrivatePlace(PrivateChatClosed(space_of(self._private_chat_id), "private.open_telegram", link=link))

    def _note(self, sent: SentMessage, rendered: RenderedMessage) -> None:
        if rendered.answer_id is not None:
            self._shown.note(sent.chat_id, sent.message_id, rendered.answer_id)

    async def _send_file(self, file: File, chat_id: int, topic_id: int | None) -> SentMessage:
        async def send() -> SentMessage:
            show = self._bot.send_photo if file.name.endswith(".png") else self._bot.send_document
            message = await show(chat_id, file.data, filename=file.name, message_thread_id=topic_id)
            return SentMessage(message.chat_id, message.message_id)

        return await self._call(chat_id, send, PossiblyDelivered)

    async def _admit(self, chat_id: int, rendered: RenderedMessage) -> None:
        if rendered.cosmetic:
            self._rate_limits.admit_cosmetic(chat_id)
        else:
            await self._rate_limits.admit(chat_id)

    async def _call(self, chat_id: int, call: Callable[[], Awaitable[T]], unsure: Callable[[str], DeliveryFailed]) -> T:
        """Make a call and raise a delivery error for its failure; ``unsure`` for one that may have had its effect."""
        try:
            return await reply_of(call)
        except RetryAfter as flood:
            self._rate_limits.ban(chat_id, seconds := ban_s(flood))
            raise NotDelivered(f"flood ban of {seconds} s", retry_after_s=seconds) from flood
        except ChatMigrated as moved:
            self._chat_id = moved.new_chat_id if chat_id == self._chat_id else self._chat_id
            raise MessageGone("the group became a supergroup, and starts anew there") from moved
        except TelegramError as error:
            raise delivery_error(error, unsure) from error
